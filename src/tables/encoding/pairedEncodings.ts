/**
 * Encodings of East Asia, in which most letters are two bytes. The same bytes are text in several of them; the letters that every text
 * of a language has tell which it is.
 *
 * @module
 */

const japanese =
  "日本人大年会国一中出事者東京都道府県市区町村阪名古屋横浜神奈川千葉埼玉福岡札幌田山佐藤鈴木高橋伊渡辺小林加吉島松井上野郎太花子男女月火水金土円時分前後年齢番号住所電話氏性別売数量店品商社会員生月日有無";
const simplified =
  "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小多天能好都没日于起还发成事只作当想看文开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种全工者部正名定女男问力机给等业最间新位因重电四第门相东政海口西平世北少关内加化代军产入先山五太水万市体别处总场师书比住员性通目华报立马张安表原车白路王李刘陈杨赵黄周吴徐孙伟敏芳娜静丽强磊洋勇艳杰姓龄城区县省广州深圳京沪津渝杭武汉南宁苏金额数量价格编号";
const traditional =
  "的一是不了人我在有他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可里後小多天能好都沒日於起還發成事只作當想看文開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種全工者部正名定女男問力機給等業最間新位因重電四第門相東政海口西平世北少關內加化代軍產入先山五太水萬市臺灣台雄桃園竹王李張陳林黃吳劉蔡楊許鄭謝郭洪曾邱廖賴徐周葉蘇偉美玲姓名齡縣區金額數量";
const korean =
  "이다는에가를의을하고지서사한기도리인자시스대정해부어나라수로아주일여그상장원비구전보우동안경과소조신국제만계세마요유등치무생공용양선중성김박최강윤임북남광울산천희영철민준현진은경름나이도시성별남녀번호금액날짜가격명";

/** Letters of a language, each one or a range, and how much one of them says. */
const letters: readonly (readonly [label: string, weigh: (letter: string) => number])[] = [
  [
    "shift_jis",
    (letter) => (isKana(letter) || japanese.includes(letter) ? 1 : isNarrowKana(letter) ? 0.5 : 0),
  ],
  ["euc-jp", (letter) => (isKana(letter) || japanese.includes(letter) ? 1 : 0)],
  ["euc-kr", (letter) => (korean.includes(letter) ? 1 : isHangul(letter) ? 0.2 : 0)],
  ["gb18030", (letter) => (simplified.includes(letter) ? 1 : 0)],
  ["big5", (letter) => (traditional.includes(letter) ? 1 : 0)],
];

const isKana = (letter: string): boolean => letter >= "\u3041" && letter <= "\u30fe";
const isNarrowKana = (letter: string): boolean => letter >= "\uff66" && letter <= "\uff9f";
const isHangul = (letter: string): boolean => letter >= "\uac00" && letter <= "\ud7a3";
/** Signs that all of them have, and which say nothing: 、。「」, full-width digits, ℃. */
const isSign = (letter: string): boolean =>
  (letter >= "\u3000" && letter <= "\u303f") ||
  (letter >= "\uff01" && letter <= "\uff65") ||
  letter === "\u2103";

/** Of the letters of a text, the share that every text of the language has; less where it is a guess. */
function likeness(bytes: Uint8Array, label: string, weightOf: (letter: string) => number): number {
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return 0;
  }
  const letters = Array.from(text).filter((letter) => letter > "\u007f" && !isSign(letter));
  if (letters.length === 0) return 0;
  // Capitals of other scripts are these, too; but they are not small ones.
  const narrow = letters.filter(isNarrowKana);
  const isScript = narrow.filter((letter) => letter < "\uff80").length > 0.2 * narrow.length;
  const sum = letters.reduce(
    (total, letter) => total + (isNarrowKana(letter) && !isScript ? 0 : weightOf(letter)),
    0,
  );
  return sum / letters.length;
}

/** A text of a language has a letter of its list in three of ten places; one of another encoding in one of thirty. */
const leastLikeness = 0.3;

/** The encoding whose language has the letters of a text; undefined where none has. */
export function pairedEncoding(bytes: Uint8Array): string | undefined {
  const scores = letters.map(([label, weightOf]) => [label, likeness(bytes, label, weightOf)] as const);
  const [label, score] = scores.reduce((a, b) => (b[1] > a[1] ? b : a));
  return score >= leastLikeness ? label : undefined;
}
