/**
 * The WebAssembly types and instructions that the assembler knows, under the names of the text format, with their binary codes.
 *
 * A code above 0xff stands for a prefixed instruction: the prefix byte in bits 16 and up, the sub-opcode below.
 * Sources: WebAssembly core specification 3.0, appendix "Index of Instructions"; threads proposal, "Overview".
 *
 * @module
 */

/** Type of a local, a parameter or a result. Addresses and counts are `i32`. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Binary code by type. */
export const typeCodes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** Type of a block without parameters and results. */
export const emptyBlock = 0x40;

/** How the lanes of a vector constant are typed. */
export type LaneType = "f32x4" | "f64x2" | "i32x4" | "i64x2";

/** Instructions without immediates: operands come from the stack. */
const plain = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,

  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b,
  "i32.ge_s": 0x4e,
  "i32.ge_u": 0x4f,
  "f32.eq": 0x5b,
  "f32.ne": 0x5c,
  "f32.lt": 0x5d,
  "f32.le": 0x5f,
  "f32.ge": 0x60,
  "f64.eq": 0x61,
  "f64.ne": 0x62,
  "f64.lt": 0x63,
  "f64.le": 0x65,
  "f64.ge": 0x66,

  "i32.clz": 0x67,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_u": 0x6e,
  "i32.rem_u": 0x70,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.shl": 0x74,
  "i32.shr_u": 0x76,

  "f32.abs": 0x8b,
  "f32.neg": 0x8c,
  "f32.floor": 0x8e,
  "f32.nearest": 0x90,
  "f32.sqrt": 0x91,
  "f32.add": 0x92,
  "f32.sub": 0x93,
  "f32.mul": 0x94,
  "f32.div": 0x95,
  "f32.min": 0x96,
  "f32.max": 0x97,
  "f64.abs": 0x99,
  "f64.neg": 0x9a,
  "f64.floor": 0x9c,
  "f64.nearest": 0x9e,
  "f64.sqrt": 0x9f,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.div": 0xa3,
  "f64.min": 0xa4,
  "f64.max": 0xa5,

  "f32.convert_i32_u": 0xb3,
  "f32.demote_f64": 0xb6,
  "f64.convert_i32_u": 0xb8,
  "f64.promote_f32": 0xbb,
  // Their immediate, the number of the memory, has the place of a sub-opcode. Pages that there are; pops pages more, pushes those before.
  "memory.size": 0x3f0000,
  "memory.grow": 0x400000,

  "i32x4.splat": 0xfd0011,
  "f32x4.splat": 0xfd0013,
  "f64x2.splat": 0xfd0014,
  "i32x4.eq": 0xfd0037,
  "f32x4.eq": 0xfd0041,
  "f32x4.ne": 0xfd0042,
  "f32x4.lt": 0xfd0043,
  "f32x4.gt": 0xfd0044,
  "f32x4.le": 0xfd0045,
  "f32x4.ge": 0xfd0046,
  "f64x2.eq": 0xfd0047,
  "f64x2.ne": 0xfd0048,
  "f64x2.lt": 0xfd0049,
  "f64x2.gt": 0xfd004a,
  "f64x2.le": 0xfd004b,
  "f64x2.ge": 0xfd004c,
  "v128.not": 0xfd004d,
  "v128.and": 0xfd004e,
  "v128.andnot": 0xfd004f,
  "v128.or": 0xfd0050,
  "v128.xor": 0xfd0051,
  "v128.bitselect": 0xfd0052,
  "v128.any_true": 0xfd0053,
  "f32x4.demote_f64x2_zero": 0xfd005e,
  "f64x2.promote_low_f32x4": 0xfd005f,
  "f32x4.floor": 0xfd0068,
  "f32x4.nearest": 0xfd006a,
  "f64x2.floor": 0xfd0075,
  "f64x2.nearest": 0xfd0094,
  "i32x4.shl": 0xfd00ab,
  "i32x4.shr_u": 0xfd00ad,
  "i32x4.add": 0xfd00ae,
  "i32x4.sub": 0xfd00b1,
  "i32x4.min_u": 0xfd00b7,
  "i64x2.shl": 0xfd00cb,
  "i64x2.shr_u": 0xfd00cd,
  "i64x2.add": 0xfd00ce,
  "i64x2.sub": 0xfd00d1,
  "i64x2.eq": 0xfd00d6,
  "i64x2.extmul_low_i32x4_u": 0xfd00de,
  "i64x2.extmul_high_i32x4_u": 0xfd00df,
  "f32x4.abs": 0xfd00e0,
  "f32x4.neg": 0xfd00e1,
  "f32x4.sqrt": 0xfd00e3,
  "f32x4.add": 0xfd00e4,
  "f32x4.sub": 0xfd00e5,
  "f32x4.mul": 0xfd00e6,
  "f32x4.div": 0xfd00e7,
  "f32x4.min": 0xfd00e8,
  "f32x4.max": 0xfd00e9,
  "f32x4.pmin": 0xfd00ea,
  "f32x4.pmax": 0xfd00eb,
  "f64x2.abs": 0xfd00ec,
  "f64x2.neg": 0xfd00ed,
  "f64x2.sqrt": 0xfd00ef,
  "f64x2.add": 0xfd00f0,
  "f64x2.sub": 0xfd00f1,
  "f64x2.mul": 0xfd00f2,
  "f64x2.div": 0xfd00f3,
  "f64x2.min": 0xfd00f4,
  "f64x2.max": 0xfd00f5,
  "f64x2.pmin": 0xfd00f6,
  "f64x2.pmax": 0xfd00f7,
  "f32x4.convert_i32x4_s": 0xfd00fa,
  "f64x2.convert_low_i32x4_s": 0xfd00fe,

  // Relaxed SIMD: only where the runtime has it. Multiply-adds may round once or twice.
  "f32x4.relaxed_madd": 0xfd0105,
  "f32x4.relaxed_nmadd": 0xfd0106,
  "f64x2.relaxed_madd": 0xfd0107,
  "f64x2.relaxed_nmadd": 0xfd0108,
  "i32x4.relaxed_laneselect": 0xfd010b,
  "i64x2.relaxed_laneselect": 0xfd010c,
} as const;

/** Instructions whose one immediate is a lane number. */
const lane = {
  "i32x4.replace_lane": 0xfd001c,
  "f32x4.extract_lane": 0xfd001f,
  "f64x2.extract_lane": 0xfd0021,
} as const;

/** Loads: code, and the binary logarithm of the bytes accessed. */
const load = {
  "i32.load": [0x28, 2],
  "f32.load": [0x2a, 2],
  "f64.load": [0x2b, 3],
  "v128.load": [0xfd0000, 4],
  "v128.load32_splat": [0xfd0009, 2],
  "v128.load64_splat": [0xfd000a, 3],
  "i32.atomic.load": [0xfe0010, 2],
} as const;

/** Stores, and the other memory instructions that take an address and further operands. */
const store = {
  "i32.store": [0x36, 2],
  "f32.store": [0x38, 2],
  "f64.store": [0x39, 3],
  "v128.store": [0xfd000b, 4],
  "memory.atomic.notify": [0xfe0000, 2],
  "memory.atomic.wait32": [0xfe0001, 2],
  "i32.atomic.store": [0xfe0017, 2],
  "i32.atomic.rmw.add": [0xfe001e, 2],
} as const;

/** Name of an instruction without immediates. */
export type PlainOperation = keyof typeof plain;
/** Name of an instruction with a lane number. */
export type LaneOperation = keyof typeof lane;
/** Name of a load. */
export type LoadOperation = keyof typeof load;
/** Name of a store, or of an atomic operation with operands beyond the address. */
export type StoreOperation = keyof typeof store;

/** Code by name, for instructions without immediates. */
export const plainOperations: Readonly<Record<PlainOperation, number>> = plain;
/** Code by name, for instructions with a lane number. */
export const laneOperations: Readonly<Record<LaneOperation, number>> = lane;
/** Code and binary logarithm of the bytes accessed, by name. */
export const memoryOperations: Readonly<
  Record<LoadOperation | StoreOperation, readonly [code: number, alignment: number]>
> = { ...load, ...store };
