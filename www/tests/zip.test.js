import { expect, test } from "vitest";
import { crc32, zip } from "../src/zip";

test("the checksum is the one that every zip reader computes", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});
test("an archive of the same files is the same bytes, each byte as it was", async () => {
  const entries = [
    { path: "src/lib.rs", bytes: new Uint8Array([0x2f, 0x2f, 0xe9]) },
    { path: "é.txt", bytes: new Uint8Array() },
  ];
  const [one, other] = await Promise.all(
    [zip(entries), zip(entries)].map(async (blob) => new Uint8Array(await blob.arrayBuffer())),
  );
  if (!one || !other) {
    throw new Error("two archives");
  }
  expect(one).toEqual(other);
  const view = new DataView(one.buffer, one.byteOffset);
  expect(view.getUint32(0, true)).toBe(0x04034b50);
  expect(view.getUint32(one.length - 22, true)).toBe(0x06054b50);
  expect(view.getUint16(one.length - 12, true)).toBe(2);
  const directory = view.getUint32(one.length - 6, true);
  expect(view.getUint32(directory, true)).toBe(0x02014b50);
});
