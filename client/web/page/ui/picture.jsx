// SPDX-License-Identifier: Apache-2.0
//
// A picture from memory; its address ends with it.
import { useEffect, useState } from "preact/hooks";
import { pictureType } from "../lib/photo.js";

export function Picture({ bytes, label }) {
  const [url, setUrl] = useState(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: pictureType(bytes) }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return url && <img class="picture" src={url} alt={label} />;
}
