"""What is read from TIFF beyond what Pillow reads: pages, planes, Lab, infrared channels."""
