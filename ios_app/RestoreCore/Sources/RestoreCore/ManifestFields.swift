/// A JSON object all of whose fields are known, read by name.
struct Fields {
    private let container: KeyedDecodingContainer<FieldName>

    /// Throws if there is a field that is not among `names`: `JSONDecoder` itself would ignore it.
    init(_ decoder: any Decoder, _ names: Set<String>) throws {
        container = try decoder.container(keyedBy: FieldName.self)
        for key in container.allKeys where !names.contains(key.stringValue) {
            throw problem(key.stringValue, "is unknown")
        }
    }

    func has(_ name: String) -> Bool { container.contains(FieldName(name)) }

    func value<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try container.decode(type, forKey: FieldName(name))
    }

    func orNull<Value: Decodable>(_ name: String) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: FieldName(name))
    }

    func whole(_ name: String, _ range: some RangeExpression<Int>) throws -> Int {
        let value: Int = try value(name)
        guard range.contains(value) else { throw problem(name, "is out of range: \(value)") }
        return value
    }

    func whole(_ name: String, _ range: some RangeExpression<Int>, orElse usual: Int) throws -> Int {
        try has(name) ? whole(name, range) : usual
    }

    func real(_ name: String, _ isGood: (Double) -> Bool) throws -> Double {
        let value: Double = try value(name)
        guard isGood(value) else { throw problem(name, "is out of range: \(value)") }
        return value
    }

    /// A number above 0 and below 1.
    func share(_ name: String) throws -> Double { try real(name) { $0 > 0 && $0 < 1 } }

    /// A list that is not empty.
    func someOf<Value: Decodable>(_ name: String) throws -> [Value] {
        let values: [Value] = try value(name)
        guard !values.isEmpty else { throw problem(name, "is empty") }
        return values
    }

    func problem(_ name: String, _ what: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: container.codingPath + [FieldName(name)], debugDescription: what))
    }
}

/// A JSON object whose fields' names are values of `Key`.
struct Named<Key: RawRepresentable<String> & Hashable, Value: Decodable>: Decodable {
    let values: [Key: Value]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FieldName.self)
        var values = [Key: Value]()
        for name in container.allKeys {
            guard let key = Key(rawValue: name.stringValue) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: container.codingPath + [name], debugDescription: "is unknown"))
            }
            values[key] = try container.decode(Value.self, forKey: name)
        }
        self.values = values
    }
}

/// A path that can't lead out of its folder: names of letters, digits, `_`, `-` and `.` (not in front),
/// with `/` between them.
struct RelativePath: RawRepresentable, Hashable, Decodable {
    let rawValue: String

    init?(rawValue: String) {
        func isLetter(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        for name in rawValue.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let first = name.first, isLetter(first) else { return nil }
            let others = Set([UInt8(ascii: "."), UInt8(ascii: "-")])
            guard name.allSatisfy({ isLetter($0) || others.contains($0) }) else { return nil }
        }
        self.rawValue = rawValue
    }
}

struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension DecodingError {
    /// The problem and its place, without a full stop.
    var sentence: String {
        let context: Context
        switch self {
        case .keyNotFound(let key, let found):
            return Self.place(found.codingPath + [key]) + " is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            context = found
        @unknown default:
            return "it cannot be read"
        }
        let what = context.debugDescription
        let problem = what.hasSuffix(".") ? String(what.dropLast()) : what
        return context.codingPath.isEmpty ? problem : "\(Self.place(context.codingPath)): \(problem)"
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".")
    }
}
