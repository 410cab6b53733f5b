/** The files of a submission on their way in. */
import { zip } from "./zip";

/** A file of a submission, by its path. */
export interface Source {
  path: string;
  file: File;
}

/** More is no submission, and the grader would refuse it. */
const BYTES_MAX = 4 << 20;
const FILES_MAX = 256;

export function isTooMuch(sources: Source[]): boolean {
  return sources.length > FILES_MAX || sources.reduce((sum, { file }) => sum + file.size, 0) > BYTES_MAX;
}

/** What a compiler, a version control or an editor made: never part of a submission. `.cargo` is noted by the grader. */
export function isProduct(path: string): boolean {
  return /(^|\/)(target|__MACOSX|__pycache__|node_modules|\.(?!cargo\/)[^/]+)\/|(^|\/)\.DS_Store$/.test(path);
}

/** The files' bytes, unread, in one archive: what they are, and which of them is graded, is the grader's to say. */
export async function packed(sources: Source[]): Promise<Blob> {
  const entries = sources.map(async ({ path, file }) => ({
    path,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
  return zip(await Promise.all(entries));
}

/** All files that were dropped, those inside folders too, until they are too many. Must be called while the drop is being handled. */
export async function dropped({ items }: DataTransfer): Promise<Source[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Source[] = [];
  for (const entry of entries) {
    await walk(entry, found);
  }
  return found;
}

async function walk(entry: FileSystemEntry, found: Source[]): Promise<void> {
  if (found.length > FILES_MAX) {
    return;
  }
  const path = entry.fullPath.slice(1);
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path, file });
    return;
  }
  if (isProduct(`${path}/`)) {
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a folder's entries in parts; an empty part is the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0 || found.length > FILES_MAX) {
      return;
    }
    for (const inside of part) {
      await walk(inside, found);
    }
  }
}
