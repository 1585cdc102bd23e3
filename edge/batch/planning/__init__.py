"""What a run has to do: the photos of folders, the pages of TIFFs, and their outputs."""
