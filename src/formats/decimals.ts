/**
 * Decimals of files: whole numbers with a scale.
 *
 * @module
 */

/** Powers of ten that are doubles exactly. */
const exactPowers = 22;

/** Turns the digits of decimals of a scale to the nearest doubles, as their texts would be read. */
export function decimalReader(scale: number): (whole: bigint | number) => number {
  const power = 10 ** scale;
  return (whole) => {
    // One rounding of two exact numbers is the nearest double.
    const number = Number(whole);
    if (scale >= 0 && scale <= exactPowers && Number.isSafeInteger(number)) return number / power;
    return Number(`${whole}e${-scale}`);
  };
}
