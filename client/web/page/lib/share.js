// SPDX-License-Identifier: Apache-2.0
//
// What leaves the page: a text to share, a file to save.
export async function shareText(text) {
  try {
    if (navigator.share) { await navigator.share({ text }); return "shared"; }
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch { return null; }
}
export function saveFile(name, bytes, type = "application/octet-stream") {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
