"""XMP packets: read, made true for a result, and filled from other metadata."""
