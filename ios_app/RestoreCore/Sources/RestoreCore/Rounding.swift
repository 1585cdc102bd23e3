import Foundation

/// A number rounded to `digits` decimals, as when printed.
func rounded(_ value: Double, _ digits: Int) -> Double { Double(printed(value, digits)) ?? value }

/// A number as text with `digits` decimals.
func printed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// The sum of float32 values in the order in which numpy adds them, so that its last bits are the same.
func pairwiseSum(_ values: [Float]) -> Float {
    values.withUnsafeBufferPointer { sum($0) }
}

private func sum(_ values: UnsafeBufferPointer<Float>) -> Float {
    let count = values.count
    if count < 8 { return values.reduce(0, +) }
    if count > 128 {
        let half = count / 2 - count / 2 % 8
        return sum(UnsafeBufferPointer(rebasing: values[..<half]))
            + sum(UnsafeBufferPointer(rebasing: values[half...]))
    }
    var lanes = Array(values[..<8])
    let whole = count - count % 8
    for index in 8..<whole { lanes[index % 8] += values[index] }
    let first = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    let total = first + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    return values[whole...].reduce(total, +)
}
