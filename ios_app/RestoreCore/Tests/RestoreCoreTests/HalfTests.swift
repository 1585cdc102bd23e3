import XCTest

@testable import RestoreCore

// The system has no `Float16` to compare with on Intel Macs.
#if !(os(macOS) && arch(x86_64))
    final class HalfTests: XCTestCase {
        func testEveryHalfIsThatFloat() {
            for bits in UInt16.min...UInt16.max {
                let (ours, theirs) = (Half.plainReal(bits), Float(Float16(bitPattern: bits)))
                XCTAssertTrue(ours == theirs || ours.isNaN && theirs.isNaN, "\(bits)")
                XCTAssertTrue(Half.real(bits) == theirs || theirs.isNaN)
                if !ours.isNaN { XCTAssertEqual(Half.plainBits(ours), bits) }
            }
        }

        func testFloatsAreRoundedAsTheSystemDoes() {
            var differing = 0
            for high in UInt32.min...0xffff {
                // Below, at and above the middle of two float16 values.
                for low in [0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0xffff] as [UInt32] {
                    let value = Float(bitPattern: high << 16 | low)
                    guard !value.isNaN else { continue }
                    if Half.plainBits(value) != Float16(value).bitPattern { differing += 1 }
                    if Half.bits(value) != Float16(value).bitPattern { differing += 1 }
                }
            }
            XCTAssertEqual(differing, 0)
            XCTAssertTrue(Half.plainReal(Half.plainBits(.nan)).isNaN)
        }
    }
#endif
