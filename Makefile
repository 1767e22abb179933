# Two commands for a newcomer: `make demo` shows what Redoubt does, `make test` proves it.
# Both install the Debian packages that are missing, as root or through sudo.

BUILD_PACKAGES = git pkg-config libcurl4-openssl-dev libgpgme-dev libtomlplusplus-dev libsqlite3-dev libssl-dev libzstd-dev
RUN_PACKAGES = gnupg zstd
TEST_PACKAGES = acl attr busybox ceph-mon ceph-osd cron curl dash libarchive-tools mandoc mariadb-client \
	mariadb-server-core memcached openssl python3-venv python3-yaml radosgw shellcheck sqlite3 systemd
BENCH_PACKAGES = acl attr borgbackup duplicity python3-venv restic time

PACKAGE_PACKAGES = build-essential debhelper dpkg-dev lintian
PACKAGE_TEST_PACKAGES = debootstrap sqlite3

PREFIX = /usr/local
# Whether `make install` strips the programs: symbols and debugging information are a third of their size.
STRIP = -s
# Programs that run without Swift's own libraries beside them, and that are the same wherever they are built.
RELEASE = -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -file-prefix-map -Xswiftc '$(CURDIR)=.' \
	-Xcc '-ffile-prefix-map=$(CURDIR)=.'
# What --version names.
COMMIT = $(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)
# Without it a crashing test's backtrace program can outlive the test and hold its pipes open.
export SWIFT_BACKTRACE = enable=no

.PHONY: help deps swift build programs install uninstall deb demo test test-package test-reproducible lint bench clean

help:
	@echo 'make demo     back up, verify and restore sample data with throwaway keys'
	@echo 'make test     build and run all tests, against real S3 servers on loopback'
	@echo 'make deb      two Debian packages in .build/packages: redoubt for nodes, redoubt-verify for the keeper'
	@echo 'make build    the two programs, optimized: .build/release/redoubt and redoubt-verify'
	@echo 'make install  copy programs, manual pages, completions and schedules to PREFIX ($(PREFIX)), below DESTDIR'
	@echo 'make uninstall  take them away again'
	@echo 'make test-package  install the packages in a minimal Debian of its own, use them, remove them (as root)'
	@echo 'make test-reproducible  build the packages twice, in two places, and compare them'
	@echo 'make lint     formatting, shell scripts and manual pages'
	@echo 'make bench    compare speed, memory and size with other tools (ROUNDS=3; QUICK=1; CHANGES=1; SCALE=1; FLEET=1)'
	@echo 'make deps     install what building needs; the targets above do so themselves'
	@echo 'make clean    remove everything that was built'

swift:
	@command -v swift >/dev/null || \
	  { echo 'swift is not installed: Swift 6.2 or newer, https://www.swift.org/install/linux/' >&2; exit 1; }

deps: swift
	@scripts/install-packages.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)

build: deps programs

programs:
	REDOUBT_COMMIT=$(COMMIT) swift build $(RELEASE)

install uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' STRIP='$(STRIP)' scripts/install.sh $@

deb: build
	@scripts/install-packages.sh $(PACKAGE_PACKAGES)
	scripts/build-packages.sh

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

test-package: deb
	@scripts/install-packages.sh $(PACKAGE_TEST_PACKAGES)
	Tests/Package/test .build/packages

test-reproducible: deb
	Tests/Package/reproducible .build/packages

lint: swift
	@scripts/install-packages.sh mandoc shellcheck
	scripts/lint.sh

bench: build
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	python3 Tests/Benchmarks/bench.py --programs .build/release $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(CHANGES),--changes --nights) $(if $(SCALE),--million --large) $(if $(FLEET),--fleet)

clean:
	rm -rf .build bench-work
