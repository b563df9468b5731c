// SPDX-License-Identifier: Apache-2.0
//
// Pictures: from the camera inside the page, so that none stays in the phone's gallery, or from a file. Only pixels are
// kept: they are drawn anew, and what a camera writes beside them (place, time, device) is not.

const SIDE_MAX = 1600; // enough to read a printed page
const BYTES_WANTED = 400000;

/** A picture (Blob, or a video that plays) as a new JPEG, {bytes, width, height}; rejects what is none. */
export async function redraw(source) {
  const picture = await createImageBitmap(source, source instanceof Blob ? { imageOrientation: "from-image" } : {});
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  let blob;
  for (const quality of [0.82, 0.7, 0.55]) {
    blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (!blob) throw new Error("no picture");
    if (blob.size <= BYTES_WANTED) break;
  }
  return { bytes: new Uint8Array(await blob.arrayBuffer()), width: canvas.width, height: canvas.height };
}

/** What a browser may show of these bytes: a type of picture, or null. */
export function pictureType(bytes) {
  const starts = (...head) => head.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0x52, 0x49, 0x46, 0x46) && bytes[8] === 0x57) return "image/webp";
  return null;
}
