internal import JSON

/// A record's fields that are read without `Decodable`. Has to come to the same; a test compares them.
protocol QuickRecord: Codable {
  init(_ fields: JSONFields) throws(JSONError)
}

extension Finding: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    self.init(try fields.choice("code"), try fields.string("path"), try fields.string("detail"))
  }
}

extension DestinationOutcome: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    self.init(
      name: try fields.string("name"), stored: try fields.boolean("stored"), error: try fields.optionalString("error"),
      skipped: try fields.optionalString("skipped"))
  }
}

extension RunStarted: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    epoch = try fields.string("epoch")
    set = try fields.string("set")
    snapshot = try fields.string("snapshot")
  }
}

extension SnapshotStored: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    set = try fields.string("set")
    `class` = try fields.string("class")
    mode = try fields.string("mode")
    snapshot = try fields.string("snapshot")
    manifest = try fields.string("manifest")
    entries = try fields.integer("entries")
    bytes = try fields.unsigned("bytes")
    volumes = try fields.integer("volumes")
    storedBytes = try fields.unsigned("stored-bytes")
    findings = try fields.integer("findings")
    seconds = try fields.number("seconds")
    destinations = try fields.objects("destinations", DestinationOutcome.init)
  }
}

extension NothingChanged: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    set = try fields.string("set")
    snapshot = try fields.string("snapshot")
  }
}

extension Verification: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    host = try fields.string("host")
    set = try fields.string("set")
    snapshot = try fields.string("snapshot")
    destination = try fields.string("destination")
    level = try fields.choice("level")
    result = try fields.choice("result")
    objects = try fields.integer("objects")
    bytes = try fields.unsigned("bytes")
    seconds = try fields.number("seconds")
    reason = try fields.optionalString("reason")
    findings = try fields.objects("findings", Finding.init)
    findingCount = try fields.integer("finding-count")
    since = try fields.optionalString("since")
    `class` = try fields.optionalString("class")
    recipients = try fields.optionalStrings("recipients")
    manifest = try fields.optionalString("manifest")
    key = try fields.optionalString("key")
    content = try fields.optionalString("content")
  }
}

extension Observation: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    host = try fields.string("host")
    destination = try fields.string("destination")
    epoch = try fields.string("epoch")
    segments = try fields.integer("segments")
    records = try fields.integer("records")
    head = try fields.string("head")
    segmentDigest = try fields.string("segment-digest")
    findings = try fields.objects("findings", Finding.init)
  }
}

extension Proof: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    host = try fields.string("host")
    set = try fields.string("set")
    destination = try fields.string("destination")
    level = try fields.choice("level")
    result = try fields.choice("result")
    volumes = try VolumeList(fields.strings("volumes"))
    objects = try fields.integer("objects")
    bytes = try fields.unsigned("bytes")
    seconds = try fields.number("seconds")
    reason = try fields.optionalString("reason")
    findings = try fields.objects("findings", Finding.init)
    findingCount = try fields.integer("finding-count")
  }
}

extension Retirement: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    host = try fields.string("host")
    set = try fields.string("set")
    by = try fields.string("by")
    note = try fields.string("note")
    undone = try fields.boolean("undone")
  }
}

extension DamageAcknowledgement: QuickRecord {
  init(_ fields: JSONFields) throws(JSONError) {
    host = try fields.string("host")
    set = try fields.string("set")
    snapshot = try fields.string("snapshot")
    destination = try fields.string("destination")
    by = try fields.string("by")
    note = try fields.string("note")
    findings = try fields.objects("findings", Finding.init)
    findingCount = try fields.integer("finding-count")
    undone = try fields.boolean("undone")
  }
}

extension VolumeList {
  fileprivate init(_ texts: [String]) throws(JSONError) {
    guard let list = VolumeList(texts: texts) else { throw JSONError("volumes", "are not folders' volumes") }
    self = list
  }
}
