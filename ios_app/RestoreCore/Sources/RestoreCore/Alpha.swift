/// Separates alpha: `samples` are interleaved pixels of `channels` samples (2 or 4), alpha last.
public func splitAlpha<Sample>(_ samples: [Sample], channels: Int) -> (colours: [Sample], alpha: [Sample]) {
    precondition(channels == 2 || channels == 4)
    var (colours, alpha) = ([Sample](), [Sample]())
    colours.reserveCapacity(samples.count / channels * (channels - 1))
    alpha.reserveCapacity(samples.count / channels)
    for (index, sample) in samples.enumerated() {
        if index % channels == channels - 1 { alpha.append(sample) } else { colours.append(sample) }
    }
    return (colours, alpha)
}

/// Interleaves colours and alpha, one sample of alpha behind each pixel's colours: reverses `splitAlpha`.
public func joinAlpha<Sample>(colours: [Sample], alpha: [Sample]) -> [Sample] {
    guard !alpha.isEmpty else { return colours }
    let count = colours.count / alpha.count
    precondition(count * alpha.count == colours.count)
    var samples = [Sample]()
    samples.reserveCapacity(colours.count + alpha.count)
    for pixel in alpha.indices {
        samples += colours[pixel * count..<(pixel + 1) * count]
        samples.append(alpha[pixel])
    }
    return samples
}
