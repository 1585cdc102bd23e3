"""Writers of PNG and TIFF, which work band by band."""
