/// The parts that a bundle may have, in the order of the pipeline.
///
/// Parts whose names end in a number are the published networks, for pictures of that many pixels square.
/// They are listed only so that a bundle of them can be read; the app does not run them.
public enum PartName: String, Codable, CaseIterable, Sendable {
    case scratch, tone, finder, encoder, mapper
    case mapperGlobal = "mapper_global"
    case decoder, face
    case detection256 = "detection_256"
    case detection512 = "detection_512"
    case vaeEncoder256 = "vae_encoder_256"
    case vaeEncoder512 = "vae_encoder_512"
    case mappingQuality256 = "mapping_quality_256"
    case mappingQuality512 = "mapping_quality_512"
    case mappingScratch256 = "mapping_scratch_256"
    case mappingScratch512 = "mapping_scratch_512"
    case mappingHR256 = "mapping_hr_256"
    case mappingHR512 = "mapping_hr_512"
    case vaeDecoderQuality256 = "vae_decoder_quality_256"
    case vaeDecoderQuality512 = "vae_decoder_quality_512"
    case vaeDecoderScratch256 = "vae_decoder_scratch_256"
    case vaeDecoderScratch512 = "vae_decoder_scratch_512"
    case face256 = "face_256"
    case face512 = "face_512"

    /// Roles of inputs that the part may have besides.
    var optionalRoles: Set<Role> { self == .decoder ? [.photo] : [] }

    /// The roles of the part's inputs and of its outputs, each once.
    var roles: (takes: Set<Role>, gives: Set<Role>) {
        switch self {
        case .scratch: ([.photo], [.probability])
        case .tone: ([.thumbnail], [.curves])
        case .finder: ([.photo], [.faces])
        case .encoder: ([.photo], [.latent])
        case .mapper: ([.latent], [.latent])
        case .mapperGlobal: ([.latent, .mask, .context], [.latent])
        case .decoder: ([.latent], [.residual])
        case .face: ([.facePair], [.residual])
        case .detection256, .detection512: ([.gray], [.probability])
        case .vaeEncoder256, .vaeEncoder512: ([.picture], [.latent])
        case .mappingQuality256, .mappingQuality512: ([.latent], [.latent])
        case .mappingScratch256, .mappingScratch512, .mappingHR256, .mappingHR512:
            ([.latent, .mask], [.latent])
        case .vaeDecoderQuality256, .vaeDecoderQuality512, .vaeDecoderScratch256, .vaeDecoderScratch512:
            ([.latent], [.picture])
        case .face256, .face512: ([.face], [.face])
        }
    }
}

/// The format of a network's file.
public enum Format: String, Codable, CaseIterable, Sendable {
    case litert, onnx, coreml
}

/// The precision of a network: `int8` by the recipe that ships, `mixed` by a recipe given, `dynamic` with
/// INT8 weights and activations quantized at run time, `palettized` with few float16 values a tensor as
/// weights, `int8Weights` with INT8 weights and arithmetic in floating point.
public enum Precision: String, Codable, CaseIterable, Sendable {
    case float32, float16, int8, mixed, dynamic, palettized
    case int8Weights = "int8_weights"
}

/// The type of a tensor's stored values.
public enum DataType: String, Codable, Sendable {
    case float32, int8, uint8
}

/// The meaning of a tensor.
public enum Role: String, Codable, Sendable {
    case photo, thumbnail, probability, curves, latent, mask, context, residual, gray, picture, face, faces
    case facePair = "face_pair"
}
