internal import Files

/// A file of systemd's.
public struct SystemdUnit: Sendable, Equatable {
  /// `redoubt.service`.
  public var name: String
  public var text: String
}

extension Schedule {
  /// Service and timer; where something is backed up after each change, also a path unit (for files and single folders) and
  /// the service that watches whole trees. One of these two is enough.
  public var systemdUnits: [SystemdUnit] {
    var units = [
      SystemdUnit(name: "redoubt.service", text: service), SystemdUnit(name: "redoubt.timer", text: timer),
    ]
    if !changingSets.isEmpty {
      units.append(SystemdUnit(name: "redoubt.path", text: path))
      units.append(SystemdUnit(name: "redoubt-watch.service", text: watchService))
    }
    return units
  }

  private var service: String {
    """
    # Backs up what is due. Started by redoubt.timer. The user must be there, and own what it writes:
    #   useradd --system --home-dir \(node.state) --shell /usr/sbin/nologin \(user)
    #   chown -R \(user): \(([node.state] + writableDestinations).joined(separator: " "))

    [Unit]
    Description=Redoubt: back up what is due
    Documentation=man:redoubt(1) man:redoubt.toml(5)
    Wants=network-online.target
    After=network-online.target time-sync.target

    [Service]
    Type=oneshot
    ExecStart=\(Self.word(program)) backup --due --config \(Self.word(configuration))
    # Another run is at work: nothing is wrong.
    SuccessExitStatus=75
    TimeoutStartSec=infinity
    Nice=10
    \(sandbox)

    """
  }

  private var watchService: String {
    """
    # Backs up what changes, as soon as it has been quiet for a while: instead of redoubt.path, for whole trees.

    [Unit]
    Description=Redoubt: back up after each change
    Documentation=man:redoubt(1) man:redoubt.toml(5)
    Wants=network-online.target
    After=network-online.target time-sync.target

    [Service]
    Type=exec
    ExecStart=\(Self.word(program)) watch --config \(Self.word(configuration))
    Restart=on-failure
    RestartSec=1min
    Nice=10
    \(sandbox)

    [Install]
    WantedBy=multi-user.target

    """
  }

  private var timer: String {
    let hour = hours == 1 ? "*" : "00/\(hours)"
    let twoDigits = minute < 10 ? "0\(minute)" : "\(minute)"
    return """
      # Each run backs up what is due and nothing else, so it may come often. The delay is random, the same every time on one
      # machine. What was missed while the machine was off is caught up after that delay.

      [Unit]
      Description=Redoubt: look \(hours == 1 ? "every hour" : "every \(hours) hours") what is due
      Documentation=man:redoubt(1)

      [Timer]
      OnCalendar=*-*-* \(hour):\(twoDigits):00 UTC
      RandomizedDelaySec=10min
      FixedRandomDelay=true
      AccuracySec=1min
      Persistent=true

      [Install]
      WantedBy=timers.target

      """
  }

  private var path: String {
    let paths = changingSets.flatMap(\.paths)
    return """
      # Backs up as soon as one of these is written. Of a folder, what is directly in it is seen, and nothing deeper:
      # redoubt-watch.service follows whole trees.

      [Unit]
      Description=Redoubt: back up after a change
      Documentation=man:redoubt(1)

      [Path]
      \(paths.map { "PathChanged=\($0.replacing("%", with: "%%"))" }.joined(separator: "\n"))
      Unit=redoubt.service
      TriggerLimitIntervalSec=1min
      TriggerLimitBurst=10

      [Install]
      WantedBy=paths.target

      """
  }

  /// What the program may do: read every file, write its state and its folder destinations, talk to storage and to gpg's
  /// agent. Commands that dump databases run under the same rules.
  private var sandbox: String {
    let isTemporary = (node.sets.flatMap(\.paths) + writableDestinations + [node.state, configuration]).contains {
      ConfigurationRules.isInside($0, "/tmp") || ConfigurationRules.isInside($0, "/var/tmp")
    }
    let metrics = node.alerts.metricsFile.map { [Paths.parent($0)] } ?? []
    let folders = ([node.state] + writableDestinations + metrics).map { Self.word("-\($0)") }
    return """
      User=\(user)
      UMask=0077
      # Whatever is backed up can be read, by no other right than this one.
      CapabilityBoundingSet=CAP_DAC_READ_SEARCH
      AmbientCapabilities=CAP_DAC_READ_SEARCH
      NoNewPrivileges=yes
      ProtectSystem=strict
      ProtectHome=read-only
      ReadWritePaths=\(folders.joined(separator: " "))
      PrivateTmp=\(isTemporary ? "no" : "yes")
      PrivateMounts=yes
      PrivateDevices=yes
      DevicePolicy=closed
      ProtectClock=yes
      ProtectControlGroups=yes
      ProtectHostname=yes
      ProtectKernelLogs=yes
      ProtectKernelModules=yes
      ProtectKernelTunables=yes
      ProtectProc=invisible
      RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
      RestrictNamespaces=yes
      RestrictRealtime=yes
      RestrictSUIDSGID=yes
      LockPersonality=yes
      MemoryDenyWriteExecute=yes
      RemoveIPC=yes
      KeyringMode=private
      SystemCallArchitectures=native
      SystemCallFilter=@system-service
      SystemCallFilter=~@privileged @resources
      # gpg and dump commands that ask for more are refused, not killed.
      SystemCallErrorNumber=EPERM
      """
  }

  private var writableDestinations: [String] {
    node.destinations.map(\.path).filter { !$0.isEmpty && !ConfigurationRules.isInside($0, node.state) }
  }

  /// As a word of a unit's line: systemd.syntax(7), and specifiers and variables of systemd.unit(5) and systemd.service(5).
  static func word(_ text: String) -> String {
    var word = ""
    var isPlain = true
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%", "$": word += "\(scalar)\(scalar)"
      case "\"", "\\":
        word += "\\\(scalar)"
        isPlain = false
      case " ", "\t", "'", ";", "#":
        word.unicodeScalars.append(scalar)
        isPlain = false
      default: word.unicodeScalars.append(scalar)
      }
    }
    return isPlain ? word : "\"\(word)\""
  }
}
