import Foundation
import XCTest

@testable import RestoreCore

final class HashTests: XCTestCase {
    /// Examples of FIPS 180-2.
    private let known = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    func testKnownDigests() {
        for (text, digest) in known {
            XCTAssertEqual(SHA256.hexadecimal(of: Data(text.utf8)), digest)
            var plain = PlainSHA256()
            plain.update(data: Data(text.utf8))
            XCTAssertEqual(SHA256.hexadecimal(plain.finalize()), digest)
        }
    }

    func testInPieces() {
        let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) })
        for size in [1, 55, 56, 63, 64, 65, 129] {
            var plain = PlainSHA256()
            for start in stride(from: 0, to: data.count, by: size) {
                plain.update(data: data[start..<min(data.count, start + size)])
            }
            XCTAssertEqual(SHA256.hexadecimal(plain.finalize()), SHA256.hexadecimal(of: data), "\(size)")
        }
    }
}
