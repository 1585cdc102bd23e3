/** Where photos come from: chosen, taken, dropped, pasted, or one of the examples. */

const EXAMPLES = ["portrait", "nagasaki", "pastoral", "prairie"];

/** Have `take(files)` called with photos, however they come. */
export function watch(take) {
  const files = document.querySelector("#files");
  const shot = document.querySelector("#shot");
  const drop = document.querySelector("#drop");
  for (const field of [files, shot]) {
    field.addEventListener("change", () => {
      take([...field.files]);
      field.value = "";
    });
  }
  for (const id of ["choose", "more"]) document.querySelector(`#${id}`).addEventListener("click", () => files.click());
  document.querySelector("#camera").addEventListener("click", () => shot.click());
  document.addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])]));

  let inside = 0;
  const holds = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => holds(event) && (drop.hidden = ++inside === 0));
  document.addEventListener("dragleave", (event) => holds(event) && (drop.hidden = --inside === 0));
  document.addEventListener("dragover", (event) => holds(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    drop.hidden = (inside = 0) === 0;
    take([...event.dataTransfer.files]);
  });
}

/** Fill the list of examples; `text` names them. */
export function offerExamples(list, text, take) {
  list.replaceChildren(
    ...EXAMPLES.map((name) => {
      const picture = new Image();
      picture.src = `/view/examples/${name}.jpg`;
      picture.alt = text(`example.${name}`);
      const button = document.createElement("button");
      button.type = "button";
      button.append(picture);
      button.addEventListener("click", async () => {
        const content = await (await fetch(picture.src)).blob();
        take([new File([content], `${name}.jpg`, { type: "image/jpeg" })]);
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}
