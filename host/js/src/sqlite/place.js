/** Where a guard's file may lie: nobody else can change it, and its locks hold. */

import { Buffer } from "node:buffer";
import { linkSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { GuardUnfit, GuardUnreachable } from "../guard.js";
import { counterName } from "../random.js";

// Kinds of file systems whose locks need not hold between machines.
const NETWORK = /^(nfs|cifs|smb|afs|ceph|9p|coda|ncp|fuse)/;

/** Checks folder and file, which are made if they are not there, and returns the file's path without links in it. */
export function check(path, network) {
  const name = basename(path);
  if (["", ".", ".."].includes(name)) throw new GuardUnfit("the path names no file");
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const folder = realpathSync(dirname(path));
    checkFolder(folder);
    if (!network) checkLocal(folder);
    const file = join(folder, name);
    checkFile(lstatSync(file, { throwIfNoEntry: false }) ?? created(file));
    return file;
  } catch (error) {
    throw error instanceof GuardUnfit ? error : new GuardUnreachable(`file: ${error.code ?? error.name}`);
  }
}

/**
 * Makes a file under another name, and gives it its own when it is closed. To close a file gives up the locks that this process has on it,
 * and another thread may have opened it already.
 */
function created(file) {
  const early = `${file}.${counterName()}`;
  writeFileSync(early, "", { flag: "wx", mode: 0o600 });
  try {
    linkSync(early, file);
  } catch (error) {
    // Another process came first: its file is checked like any other.
    if (error.code !== "EEXIST") throw error;
  } finally {
    unlinkSync(early);
  }
  return lstatSync(file);
}

function checkFolder(folder) {
  if (process.geteuid && statSync(folder).mode & 0o022) throw new GuardUnfit("others can write to the file's folder: chmod go-w");
}

/** Accepts the owner's file, and nobody else's. Root may open it too: the journal then gets the file's owner and mode. */
export function checkFile(status) {
  if (!status.isFile()) throw new GuardUnfit("the path is a link, or no file");
  if (!process.geteuid) return;
  if (status.mode & 0o077) throw new GuardUnfit("others can read or write the file: chmod 600");
  if (![0, status.uid].includes(process.geteuid())) throw new GuardUnfit("the file belongs to another user");
}

/** Refuses the network file systems of Linux. */
function checkLocal(folder) {
  if (process.platform !== "linux") return;
  let mounts;
  try {
    mounts = readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    throw new GuardUnfit("the kind of the file system is not known: /proc/self/mountinfo cannot be read");
  }
  if (NETWORK.test(kind(folder, mounts))) throw new GuardUnfit("the file is on a network file system, whose locks may not hold");
}

/**
 * Returns the kind of the file system of a folder: of the deepest mount above it, and of those at one place the latest. `mounts` has a
 * character for each byte.
 */
export function kind(folder, mounts) {
  const bytes = Buffer.from(folder).toString("latin1");
  let [deepest, found] = ["", ""];
  for (const line of mounts.split("\n")) {
    const [front, back = ""] = line.split(" - ");
    const place = (front.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    if (!place) continue;
    const within = bytes === place || bytes.startsWith(`${place.replace(/\/$/, "")}/`);
    if (within && place.length >= deepest.length) [deepest, found] = [place, back.split(" ")[0]];
  }
  return found;
}
