"""Old photos made from clean ones: to train, calibrate and prove with."""
