// swift-format-ignore-file
// The names are Apple's.
public func os_proc_available_memory() -> Int { 0 }
