# Two commands for a newcomer: `make demo` shows what Redoubt does, `make test` proves it.
# Both install the Debian packages that are missing, as root or through sudo.

BUILD_PACKAGES = git pkg-config libcurl4-openssl-dev libgpgme-dev libtomlplusplus-dev libsqlite3-dev libssl-dev libzstd-dev
RUN_PACKAGES = gnupg zstd
TEST_PACKAGES = acl attr busybox ceph-mon ceph-osd cron curl dash libarchive-tools mandoc mariadb-client \
	mariadb-server-core memcached openssl python3-venv python3-yaml radosgw shellcheck sqlite3 systemd
BENCH_PACKAGES = acl attr borgbackup duplicity python3-venv restic time

PREFIX = /usr/local
# A program that runs without Swift's own libraries beside it.
RELEASE = -c release --static-swift-stdlib
# Without it a crashing test's backtrace program can outlive the test and hold its pipes open.
export SWIFT_BACKTRACE = enable=no

.PHONY: help deps swift build install demo test lint bench clean

help:
	@echo 'make demo     back up, verify and restore sample data with throwaway keys'
	@echo 'make test     build and run all tests, against real S3 servers on loopback'
	@echo 'make build    the two programs, optimized: .build/release/redoubt and redoubt-verify'
	@echo 'make install  copy programs, manual pages and schedules to PREFIX ($(PREFIX))'
	@echo 'make lint     formatting, shell scripts and manual pages'
	@echo 'make bench    compare speed, memory and size with other tools (ROUNDS=3; QUICK=1; CHANGES=1; SCALE=1)'
	@echo 'make deps     install what building needs; the targets above do so themselves'
	@echo 'make clean    remove everything that was built'

swift:
	@command -v swift >/dev/null || \
	  { echo 'swift is not installed: Swift 6.2 or newer, https://www.swift.org/install/linux/' >&2; exit 1; }

deps: swift
	@scripts/install-packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)

build: deps
	swift build $(RELEASE)

# Stripped: symbols and debugging information are a third of the programs' size.
install:
	@test -x .build/release/redoubt-verify || { echo 'nothing is built yet: make build' >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
	  $(DESTDIR)$(PREFIX)/share/man/man7
	install -s -m 755 .build/release/redoubt .build/release/redoubt-verify $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/redoubt/cron $(DESTDIR)$(PREFIX)/share/redoubt/systemd \
	  $(DESTDIR)$(PREFIX)/share/redoubt/kubernetes $(DESTDIR)$(PREFIX)/share/redoubt/alerts
	install -m 644 Schedules/frequency.toml $(DESTDIR)$(PREFIX)/share/redoubt
	for folder in alerts cron systemd kubernetes; do \
	  install -m 644 Schedules/$$folder/* $(DESTDIR)$(PREFIX)/share/redoubt/$$folder || exit; done
	for page in man/*.[157]; do \
	  install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} || exit; done

demo: build
	@scripts/install-packages.sh acl attr
	@scripts/demo.sh .build/release

test: deps
	@scripts/install-packages.sh $(TEST_PACKAGES)
	@scripts/install-postgresql.sh
	@Tests/Servers/install
	@scripts/install-promtool.sh
	swift build --build-tests
	swift test --skip-build --disable-xctest

lint: swift
	@scripts/install-packages.sh mandoc shellcheck
	scripts/lint.sh

bench: build
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	python3 Tests/Benchmarks/bench.py --programs .build/release $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(CHANGES),--changes --nights) $(if $(SCALE),--million --large)

clean:
	rm -rf .build bench-work
