/// `Schedules/frequency.toml`, so that the programs work without the file; a test holds the two equal,
/// `scripts/embed-frequency.sh` makes them so.
let frequencyTableText = """
  # How often each class of data is backed up, where, and how often a copy is proven: the table of the providers' handbook
  # as data. Times: s, m, h, d, w. The programs hold a copy of it; another one is named to them by the key frequency-table
  # of their configuration, see redoubt.toml(5).
  #
  # back-up       once, after-each-change (looked at once a day at least), daily, weekly
  # storage       one destination at least of each group of locations; empty: offline only, never in a file's backup
  # verify        how often a copy is proven: of what is offline, by a person who attests it
  # drill         how often a whole restore is rehearsed; without it, never by itself
  # grace         how much later than due a backup may come before it counts as overdue

  [[class]]
  name = "wallet-seed-phrases"
  back-up = "once"
  storage = []
  verify = "365d"
  grace = "30d"

  [[class]]
  name = "node-configurations"
  back-up = "after-each-change"
  storage = [["cloud", "offsite"], ["local", "removable"]]
  verify = "31d"
  drill = "92d"
  grace = "1d"

  [[class]]
  name = "client-database"
  back-up = "daily"
  storage = [["offsite", "cloud"]]
  verify = "31d"
  drill = "92d"
  grace = "6h"

  [[class]]
  name = "server-configs"
  back-up = "weekly"
  storage = [["git"]]
  verify = "31d"
  drill = "92d"
  grace = "1d"

  [[class]]
  name = "monitoring-configs"
  back-up = "after-each-change"
  storage = [["git"]]
  verify = "31d"
  drill = "92d"
  grace = "1d"

  """
