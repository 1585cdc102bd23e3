"""What stands between visitors and Gradio: each module refuses one kind of request."""
