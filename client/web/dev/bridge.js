// SPDX-License-Identifier: Apache-2.0
//
// A development server: serves build/web (made with "build --dev") and runs the native program for the page, so that a
// screen can be tried without the WebAssembly core. Loopback only; each browser (a cookie) is one device.
//
//   node dev/bridge.js --bin DIR [--web DIR] [--port N] [--home DIR] [--now RFC3339]
//
// Prints "listening URL" once it serves. POST /dev with {call, ...} answers what worker/client.js would.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const option = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
const bin = path.resolve(option("--bin", path.join(here, "../../../build/dev")));
const web = path.resolve(option("--web", path.join(here, "../../../build/web")));
const homes = path.resolve(option("--home", fs.mkdtempSync(path.join(os.tmpdir(), "passerelle-dev-"))));
const now = option("--now", null);

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
  ".png": "image/png", ".json": "application/json", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm" };

const devices = new Map(); // cookie -> {dir, pass, pin, waiting}

function device(id) {
  if (!devices.has(id)) {
    const dir = path.join(homes, id);
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    devices.set(id, { dir, pass: null, pin: null, tries: 0, waiting: [], busy: false, drafts: {} });
  }
  return devices.get(id);
}

/** Starts the program once, with a folder of its own for files. */
function start(dev, words, { files = {}, stdin = "", lang = "fr", now: day = null } = {}) {
  return new Promise((done) => {
    const work = fs.mkdtempSync(path.join(dev.dir, "run-"));
    const passFile = path.join(work, ".pass");
    fs.writeFileSync(passFile, dev.pass ?? "", { mode: 0o600 });
    for (const [name, bytes] of Object.entries(files))
      fs.writeFileSync(path.join(work, path.basename(name)), typeof bytes === "string" ? bytes : Buffer.from(bytes.base64, "base64"));
    const clock = day ?? now;
    const all = [...words, "--json", "--lang", lang, "--home", path.join(dev.dir, "home"), "--passphrase-file", passFile,
      ...(clock ? ["--now", clock] : [])];
    const child = spawn(path.join(bin, "passerelle"), all, { cwd: work, stdio: ["pipe", "pipe", "pipe"] });
    let text = "", error = "";
    child.stdout.on("data", (part) => (text += part));
    child.stderr.on("data", (part) => (error += part));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("close", (code) => {
      fs.rmSync(passFile);
      const made = {};
      for (const name of fs.readdirSync(work))
        if (!(name in files)) made[name] = { base64: fs.readFileSync(path.join(work, name)).toString("base64") };
      fs.rmSync(work, { recursive: true });
      done({ exit: code ?? 1, text, error: error.trim().replace(/^passerelle ?: /gm, ""), files: made });
    });
  });
}
function parsed(text) {
  try { return JSON.parse(text); } catch { return text.trim() || null; }
}

const reading = new Set(["show", "list", "find", "history", "conflicts", "sql", "status", "kinds", "fields", "agenda", "match", "duplicates", "suggest"]);
const quoted = (word) => `"${word.replace(/\s+/g, " ").replace(/["\\]/g, "\\$&")}"`;

/** Commands of a device wait for each other; reading ones that wait together are one batch, after a single unlock. */
async function work(dev) {
  if (dev.busy) return;
  dev.busy = true;
  while (dev.waiting.length) {
    const first = dev.waiting[0];
    const many = first.reads ? dev.waiting.findIndex((one) => !one.reads) : 1;
    const batch = dev.waiting.splice(0, many < 0 ? dev.waiting.length : many);
    if (batch.length === 1) {
      const { text, ...answer } = await start(dev, first.words, first.options);
      first.done({ ...answer, json: parsed(text) });
      continue;
    }
    const lines = batch.map(({ words }) => words.map(quoted).join(" ")).join("\n");
    const { text, error, exit } = await start(dev, ["batch", "lines", "--keep-going"], { ...first.options, files: { lines } });
    const answers = text.trim().split("\n");
    batch.forEach((one, i) => {
      const json = parsed(answers[i] ?? "");
      const bad = json === null || (json.line === i + 1 && json.exit);
      one.done(bad ? { exit: json?.exit || exit || 1, json: null, error: (json?.error ?? error).replace(/^passerelle ?: /, ""), files: {} } : { exit: 0, json, error: "", files: {} });
    });
  }
  dev.busy = false;
}
const program = (dev, words, options = {}) => new Promise((done) => {
  dev.waiting.push({ words, options, done, reads: reading.has(words[0]) && !options.files });
  setTimeout(() => work(dev), 5);
});

const isMade = (dev) => fs.existsSync(path.join(dev.dir, "home"));

async function unlock(dev, pass) {
  dev.pass = pass;
  const answer = await program(dev, ["status"]);
  if (answer.exit !== 0) dev.pass = null;
  return answer;
}

const calls = {
  start: (dev) => ({ exit: 0, state: !isMade(dev) ? "none" : dev.pass && !dev.locked ? "open" : "locked", warm: Boolean(dev.pin && dev.pass), persisted: true, version: "dev" }),
  create: async (dev, { name, passphrase, lang }) => {
    dev.pass = passphrase;
    return program(dev, ["init", "--name", name, "--kdf", "light"], { lang });
  },
  unlock: async (dev, { passphrase }) => {
    const answer = await unlock(dev, passphrase);
    if (answer.exit === 0) dev.locked = false;
    return answer;
  },
  setPin: (dev, { pin }) => { dev.pin = pin; dev.tries = 0; return { exit: 0 }; },
  unlockPin: (dev, { pin }) => {
    if (!dev.pin || !dev.pass) return { exit: 1, error: "", gone: true };
    if (pin === dev.pin) { dev.tries = 0; dev.locked = false; return { exit: 0 }; }
    if (++dev.tries >= 5) { dev.pin = dev.pass = null; return { exit: 1, error: "", gone: true }; }
    return { exit: 1, error: "", left: 5 - dev.tries };
  },
  lock: (dev) => { dev.locked = true; return { exit: 0 }; },
  run: (dev, { words, options }) => (dev.locked ? { exit: 1, error: "locked" } : program(dev, words, options)),
  draft: (dev, { key, text }) => {
    if (text === undefined) return { exit: 0, text: dev.drafts[key] ?? null };
    if (text === null) delete dev.drafts[key]; else dev.drafts[key] = text;
    return { exit: 0 };
  },
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const cookie = /(?:^|; )device=([0-9a-f]{16})/.exec(request.headers.cookie ?? "")?.[1];
  if (request.method === "POST" && url.pathname === "/dev") {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", async () => {
      const asked = JSON.parse(body);
      const answer = cookie && calls[asked.call] ? await calls[asked.call](device(cookie), asked) : { exit: 2, error: "bad call" };
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(JSON.stringify(answer));
    });
    return;
  }
  const name = url.pathname === "/" ? "/index.html" : url.pathname;
  const file = path.join(web, path.normalize(name));
  if (!file.startsWith(web) || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  const headers = { "content-type": types[path.extname(file)] ?? "application/octet-stream", "cache-control": "no-cache" };
  if (name === "/index.html" && !cookie) headers["set-cookie"] = `device=${randomBytes(8).toString("hex")}; SameSite=Strict; Path=/; Max-Age=31536000`;
  response.writeHead(200, headers);
  fs.createReadStream(file).pipe(response);
});
server.listen(Number(option("--port", "0")), "127.0.0.1", () => console.log(`listening http://127.0.0.1:${server.address().port}/`));
