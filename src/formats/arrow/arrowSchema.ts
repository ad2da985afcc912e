/**
 * The schema of Arrow data: names and types of columns.
 *
 * https://github.com/apache/arrow/blob/main/format/Schema.fbs
 *
 * @module
 */

import type { TimeUnit } from "../storedType.ts";
import type { FlatTable } from "./flatbuffer.ts";

/** Types by their numbers; those at an index that is not here are of a later format. */
const typeNames = [
  "none",
  "null",
  "integer",
  "float",
  "binary",
  "text",
  "boolean",
  "decimal",
  "date",
  "time",
  "timestamp",
  "interval",
  "list",
  "structure",
  "union",
  "fixed binary",
  "fixed list",
  "map",
  "duration",
  "large binary",
  "large text",
  "large list",
  "run ends",
  "binary views",
  "text views",
  "list views",
  "large list views",
] as const;

/** Name of a type. */
export type ArrowTypeName = (typeof typeNames)[number];

/** A type with what there is to say of it. */
export interface ArrowType {
  readonly name: ArrowTypeName;
  /** Bits of a value: of integers, floats, decimals, dates and times; bytes of fixed binaries. */
  readonly width: number;
  readonly signed: boolean;
  readonly unit: TimeUnit;
  readonly zone: string | undefined;
  readonly precision: number;
  readonly scale: number;
  /** Of a union: whether it has offsets. */
  readonly isDense: boolean;
}

/** A column, or a part of a nested one. */
export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  readonly children: readonly ArrowField[];
  /** Where the values are places in a dictionary: its name, the type of the places, and whether its levels have an order. */
  readonly dictionary:
    | { readonly id: bigint; readonly index: ArrowType; readonly ordered: boolean }
    | undefined;
}

/** What the columns are. */
export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  /** What pandas says of the table. */
  readonly pandas: string | undefined;
}

/** Fields within fields. */
const mostDepth = 64;
const units: readonly TimeUnit[] = ["s", "ms", "us", "ns"];

function unitOf(place: number): TimeUnit {
  const unit = units[place];
  if (unit === undefined) throw new Error(`there is no unit of time of the number ${place}`);
  return unit;
}

function typeOf(number: number, typeTable: FlatTable | undefined): ArrowType {
  const name = typeNames[number];
  if (name === undefined || name === "none") throw new Error(`there is no type of the number ${number}`);
  const int = (field: number, otherwise: number): number => typeTable?.int(field, otherwise) ?? otherwise;
  const short = (field: number, otherwise: number): number => typeTable?.short(field, otherwise) ?? otherwise;
  const plain = {
    name,
    width: 0,
    signed: false,
    unit: "s" as TimeUnit,
    zone: undefined,
    precision: 0,
    scale: 0,
    isDense: false,
  };
  switch (name) {
    case "integer":
      return { ...plain, width: int(0, 0), signed: (typeTable?.byte(1, 0) ?? 0) !== 0 };
    case "float":
      return { ...plain, width: [16, 32, 64][short(0, 0)] ?? 0 };
    case "decimal":
      return { ...plain, precision: int(0, 0), scale: int(1, 0), width: int(2, 128) };
    case "date":
      return { ...plain, width: short(0, 1) === 0 ? 32 : 64 };
    case "time":
      return { ...plain, unit: unitOf(short(0, 1)), width: int(1, 32) };
    case "timestamp":
      return { ...plain, unit: unitOf(short(0, 0)), zone: typeTable?.text(1), width: 64 };
    case "duration":
      return { ...plain, unit: unitOf(short(0, 1)), width: 64, signed: true };
    case "interval":
      return { ...plain, width: [32, 64, 128][short(0, 0)] ?? 0 };
    case "fixed binary":
      return { ...plain, width: int(0, 0) };
    case "union":
      return { ...plain, isDense: short(0, 0) === 1 };
    default:
      return plain;
  }
}

function fieldOf(field: FlatTable, depth: number): ArrowField {
  if (depth > mostDepth) throw new Error("its columns are nested too deep");
  const dictionary = field.table(4);
  return {
    name: field.text(0) ?? "",
    type: typeOf(field.byte(2, 0), field.table(3)),
    children: field.tables(5).map((child) => fieldOf(child, depth + 1)),
    dictionary: dictionary && {
      id: dictionary.id(0),
      index: typeOf(2, dictionary.table(1)),
      ordered: dictionary.byte(2, 0) !== 0,
    },
  };
}

/** The schema at a table of the metadata. */
export function readSchema(table: FlatTable): ArrowSchema {
  if (table.short(0, 0) !== 0)
    throw new Error("its numbers are big-endian, which is not read: write it again on another machine");
  const pandasEntry = table.tables(2).find((entry) => entry.text(0) === "pandas");
  return { fields: table.tables(1).map((field) => fieldOf(field, 0)), pandas: pandasEntry?.text(1) };
}

/** Numbers of nodes, buffers and counts of views that a field has in a batch. */
export interface Extent {
  readonly nodes: number;
  readonly buffers: number;
  readonly views: number;
}

/** Buffers of a field itself, without those of its children. */
export function ownBuffers({ type, dictionary }: ArrowField, version: number): number {
  if (dictionary) return 2;
  switch (type.name) {
    case "null":
    case "run ends":
      return 0;
    case "structure":
    case "fixed list":
      return 1;
    case "text":
    case "binary":
    case "large text":
    case "large binary":
    case "list views":
    case "large list views":
      return 3;
    case "union":
      return (type.isDense ? 2 : 1) + (version < 4 ? 1 : 0);
    default:
      return 2;
  }
}

/** Whether a field's values lie in further buffers, whose number each batch says. */
export const hasViews = ({ type, dictionary }: ArrowField): boolean =>
  !dictionary && (type.name === "text views" || type.name === "binary views");
