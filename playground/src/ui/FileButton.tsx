/** A button that asks for a file. */

export function FileButton(props: {
  readonly label: string;
  /** Ends of names that are offered. */
  readonly accept: string;
  readonly disabled?: boolean;
  readonly onFile: (file: File) => void;
}) {
  return (
    <label class="button">
      {props.label}
      <input
        type="file"
        class="hidden"
        accept={props.accept}
        disabled={props.disabled}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) props.onFile(file);
          // The same file can be chosen once more.
          currentTarget.value = "";
        }}
      />
    </label>
  );
}

/** A button that asks for a model. */
export function OpenModel(props: { readonly disabled?: boolean; readonly onFile: (file: File) => void }) {
  return <FileButton label="Open model" accept=".safetensors" {...props} />;
}
