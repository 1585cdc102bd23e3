/// The values of a tensor in the order of its `shape`, the last dimension fastest. In `memory` neighbours
/// along each dimension lie `strides` apart: processors like rows to begin at round addresses.
func packed(_ memory: UnsafeBufferPointer<Float>, shape: [Int], strides: [Int]) -> [Float] {
    // Values that follow one another are taken at once: the dimensions from `whole` on.
    var (whole, run) = (shape.count, 1)
    while whole > 0, shape[whole - 1] == 1 || strides[whole - 1] == run {
        whole -= 1
        run *= shape[whole]
    }
    var values = [Float]()
    values.reserveCapacity(shape.reduce(1, *))
    func take(from first: Int, _ dimension: Int) {
        guard dimension < whole else {
            values.append(contentsOf: UnsafeBufferPointer(rebasing: memory[first..<first + run]))
            return
        }
        for index in 0..<shape[dimension] { take(from: first + index * strides[dimension], dimension + 1) }
    }
    take(from: 0, 0)
    return values
}
