"""Tags of TIFF and EXIF, with the bytes of their values."""
