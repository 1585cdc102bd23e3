"""The comparison page: what quantization costs, in a browser. Needs the ``demo`` extra."""

import os

# Before Gradio is imported: it would report that it runs, and a photo's restoration is nobody's business.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
