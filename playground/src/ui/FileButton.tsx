/** A button that asks for a file. */

function FileButton(props: {
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

/** A button that asks for a table. */
export function OpenTable(props: {
  readonly label: string;
  readonly disabled?: boolean;
  readonly onFile: (file: File) => void;
}) {
  const accept = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet,.arrow,.feather,.npy,.npz,.gz";
  return <FileButton accept={accept} {...props} />;
}

/** A button that asks for a model. */
export function OpenModel(props: { readonly disabled?: boolean; readonly onFile: (file: File) => void }) {
  return <FileButton label="Open model" accept=".safetensors" {...props} />;
}
