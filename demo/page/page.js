() => {
	// A picture pasted anywhere goes where it could have been dropped.
	document.addEventListener("paste", (event) => {
		const [file] = event.clipboardData?.files ?? [];
		const field = document.querySelector("#photo input[type=file]");
		if (!file || !field) return;
		const given = new DataTransfer();
		given.items.add(file);
		field.files = given.files;
		field.dispatchEvent(new Event("change", { bubbles: true }));
	});
};
