public import JSON

/// What events and summaries are made of; the executables know it by this module.
public typealias JSONValue = JSON.JSONValue
