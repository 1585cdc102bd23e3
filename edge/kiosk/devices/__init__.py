"""What is plugged into a kiosk: scanner, printer, camera, sticks, and the computer's own temperature.

Nothing here waits without a limit: a device that does not answer is a `DeviceError` with one sentence.
"""
