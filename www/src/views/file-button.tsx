import { createRef } from "preact";

/** A button that has files chosen. The same file, mended, may be chosen again. */
export function FileButton({
  text,
  label,
  isMany = false,
  take,
}: {
  text: string;
  /** What the files are for, to those who do not see what stands around it. */
  label: string;
  isMany?: boolean;
  take: (files: File[]) => void;
}) {
  const input = createRef<HTMLInputElement>();
  return (
    <>
      <button type="button" class="button" onClick={() => input.current?.click()}>
        {text}
      </button>
      <input
        ref={input}
        class="hidden"
        tabIndex={-1}
        aria-label={label}
        type="file"
        multiple={isMany}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          currentTarget.value = "";
          if (files.length > 0) {
            take(files);
          }
        }}
      />
    </>
  );
}
