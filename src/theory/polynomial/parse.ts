/**
 * The language of polynomial rules.
 *
 *   O*I - w*O^2          Oja's rule
 *   (T - O)*I            the delta rule
 *   O*(O - E[O^2])*I     BCM: E[...] is a running average
 *   O*I - alpha*w        any other name is a constant
 *
 *   sum     = ["-" | "+"] product { ("+" | "-") product }
 *   product = power { ("*" | "/") power }          only a number may stand after "/"
 *   power   = atom [ "^" whole number ]
 *   atom    = number | I | O | w | T | name | "E" "[" sum "]" | "(" sum ")" | "-" power
 *
 * A product needs its sign: `OI` and `2O` are refused, since they are as often mistakes as products. Reading stops at the limits of
 * `polynomial.ts` before anything large is formed.
 */
import {
  add,
  average,
  constantNamed,
  LimitError,
  limits,
  multiply,
  negate,
  number,
  type Polynomial,
  power,
  scale,
  variable,
  variables,
  type Work,
} from "./polynomial.ts";
import { rational, rationalOf } from "./rational.ts";

/** A text that is no polynomial. `summary` is one line; `excerpt` shows the place with a caret below; `message` is both. */
export class PolynomialError extends Error {
  override name = "PolynomialError";
  readonly summary: string;
  readonly excerpt: string;
  constructor(
    text: string,
    /** Counted from 1. */
    readonly column: number,
    expected: string,
    got: string,
    advice?: string,
  ) {
    const summary = `polynomial: column ${column}: expected ${expected}, got ${got}${advice === undefined ? "" : `; ${advice}`}`;
    const excerpt = excerptAt(text, column);
    super(`${summary}\n${excerpt}`);
    this.summary = summary;
    this.excerpt = excerpt;
  }
}

/** Reads a polynomial into its canonical form. Throws PolynomialError at the first mistake, or where a limit is passed. */
export function parsePolynomial(text: string): Polynomial {
  if (text.length > limits.length) {
    throw new PolynomialError(text, limits.length + 1, `at most ${limits.length} characters`, `${text.length}`);
  }
  return new Parser(text).whole();
}

type Kind = "number" | "name" | "sign" | "end";
interface Token {
  readonly kind: Kind;
  readonly text: string;
  /** Counted from 0. */
  readonly at: number;
}

const pattern = /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z][A-Za-z0-9_]*)|([-+*/^()[\]]))/y;
/** Signs from other notations, with what to write here. */
const translations: Readonly<Record<string, string>> = {
  "\u2212": "-",
  "\u00b7": "*",
  "\u00d7": "*",
  "\u00b2": "^2",
  "\u00b3": "^3",
  "<": "E[",
  ">": "]",
  "\u27e8": "E[",
  "\u27e9": "]",
};

function tokens(text: string): Token[] {
  const list: Token[] = [];
  pattern.lastIndex = 0;
  for (;;) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const rest = text.slice(from);
      const at = from + rest.length - rest.trimStart().length;
      if (at < text.length) {
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        const known = translations[character];
        const advice = known === undefined ? "see afferent theory --help for the language" : `write ${known}`;
        throw new PolynomialError(
          text,
          at + 1,
          "a number, a name, or one of + - * / ^ ( ) [ ]",
          quote(character),
          advice,
        );
      }
      list.push({ kind: "end", text: "", at: text.length });
      return list;
    }
    const [all, digits, name, sign] = match;
    const found = digits ?? name ?? sign ?? "";
    const kind = digits !== undefined ? "number" : name !== undefined ? "name" : "sign";
    list.push({ kind, text: found, at: from + all.length - found.length });
  }
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;
  private insideAverage = false;
  private readonly work: Work = { products: 0 };

  constructor(private readonly text: string) {
    this.tokens = tokens(text);
  }

  whole(): Polynomial {
    const result = this.sum();
    const { text } = this.token;
    if (text === ")" || text === "]") this.fail("nothing more", `a ${quote(text)} that nothing opened`);
    if (this.token.kind !== "end") this.refuseJuxtaposition();
    return result;
  }

  private sum(): Polynomial {
    let result = this.signed();
    for (;;) {
      const at = this.token;
      if (!this.take("+") && !this.take("-")) return result;
      const term = this.product();
      result = this.limited(at, () => add(result, at.text === "-" ? negate(term) : term));
    }
  }

  private signed(): Polynomial {
    this.take("+");
    return this.product();
  }

  private product(): Polynomial {
    let result = this.power();
    for (;;) {
      const at = this.token;
      if (this.take("*")) {
        if (this.token.text === "*") this.fail("a factor", '"**"', "write ^ for a power");
        const factor = this.power();
        result = this.limited(at, () => multiply(result, factor, this.work));
      } else if (this.take("/")) {
        const divisorAt = this.token;
        result = this.divided(result, this.power(), divisorAt);
      } else {
        if (this.token.kind === "number" || this.token.kind === "name" || this.token.text === "(")
          this.refuseJuxtaposition();
        return result;
      }
    }
  }

  private divided(result: Polynomial, divisor: Polynomial, at: Token): Polynomial {
    const [only, ...others] = divisor.terms;
    if (only === undefined) this.fail("a divisor that is not 0", "0", "leave the term out", at);
    const plain = only.constants.length === 0 && only.averages.length === 0;
    if (others.length > 0 || !plain || variables.some((name) => only.exponents[name] > 0))
      this.fail(
        "a number after /",
        quote(this.text.slice(at.at, this.token.at).trim()),
        "a polynomial rule divides by numbers only",
        at,
      );
    const { numerator, denominator } = only.coefficient;
    return scale(result, rational(denominator, numerator));
  }

  private power(): Polynomial {
    // A sign binds less than a power: -w^2 is -(w^2).
    if (this.take("-")) return this.nested(() => negate(this.power()));
    const base = this.atom();
    const at = this.token;
    if (!this.take("^")) return base;
    const exponent = this.token;
    if (exponent.kind !== "number" || !/^\d{1,4}$/.test(exponent.text)) {
      this.fail(
        "a whole number of at least 0 after ^",
        this.seen(exponent),
        "exponents are written out: O^2",
        exponent,
      );
    }
    this.next++;
    if (this.token.text === "^") this.fail("one exponent", "a second ^", "put the inner power in parentheses");
    return this.limited(at, () => power(base, Number(exponent.text), this.work));
  }

  private atom(): Polynomial {
    const { kind, text } = this.token;
    if (kind === "number") return this.literal();
    if (kind === "name") return this.name();
    if (this.take("(")) {
      const open = this.tokens[this.next - 1];
      const inside = this.nested(() => this.sum());
      this.close(")", open);
      return inside;
    }
    if (text === "[") this.fail("a number, a name or (", '"["', "brackets belong to a running average: E[O^2]");
    return this.fail("a number, a name or (", this.seen(this.token));
  }

  private literal(): Polynomial {
    const { text } = this.token;
    const value = /^.{1,30}$/.test(text) && !/[eE][-+]?\d{3}/.test(text) ? rationalOf(text) : undefined;
    const digits = value === undefined ? Infinity : String(value.numerator).length + String(value.denominator).length;
    if (value === undefined || digits > limits.digits)
      return this.fail(`a number of at most ${limits.digits} digits`, quote(shorten(text)));
    this.next++;
    return number(value);
  }

  private name(): Polynomial {
    const { text } = this.token;
    const known = variables.find((name) => name === text);
    if (known !== undefined) {
      this.next++;
      return variable(known);
    }
    if (text === "E") return this.average();
    const meant = variables.find((name) => name.toLowerCase() === text.toLowerCase());
    if (meant !== undefined) return this.fail("I, O, w, T or the name of a constant", quote(text), `write ${meant}`);
    if (/^[IOwTE]+$/.test(text))
      return this.fail("one name", quote(text), `write ${Array.from(text).join("*")} for a product`);
    if (text.length > 20) return this.fail("a name of at most 20 characters", quote(shorten(text)));
    this.next++;
    return constantNamed(text);
  }

  private average(): Polynomial {
    const at = this.token;
    if (this.insideAverage) this.fail("a polynomial in I, O, T, w", "an average inside an average");
    this.next++;
    const open = this.token;
    if (!this.take("["))
      return this.fail(
        "[ after E",
        this.seen(open),
        "a running average is written E[O^2]; a constant needs another name",
        open,
      );
    this.insideAverage = true;
    const inside = this.nested(() => this.sum());
    this.insideAverage = false;
    this.close("]", open);
    return this.limited(at, () => average(inside));
  }

  private nested<R>(read: () => R): R {
    this.depth++;
    if (this.depth > limits.depth) this.fail(`at most ${limits.depth} parentheses inside each other`, "more");
    const result = read();
    this.depth--;
    return result;
  }

  private close(sign: string, open: Token | undefined): void {
    if (this.take(sign)) return;
    if (this.token.kind === "end") {
      const where = open === undefined ? "" : ` for the ${quote(open.text)} at column ${open.at + 1}`;
      this.fail(`a closing ${sign}${where}`, "the end");
    }
    if (this.token.text === ")" || this.token.text === "]") this.fail(`a closing ${sign}`, this.seen(this.token));
    this.refuseJuxtaposition();
  }

  private limited(at: Token, step: () => Polynomial): Polynomial {
    try {
      return step();
    } catch (cause) {
      if (!(cause instanceof LimitError)) throw cause;
      const [expected = "", got = ""] = cause.message.replace(/^expected /, "").split(", got ");
      return this.fail(expected, got, undefined, at);
    }
  }

  private refuseJuxtaposition(): never {
    const before = this.tokens[this.next - 1];
    const { text } = this.token;
    if (before === undefined || text === "[")
      return this.fail("+, -, * or the end", this.seen(this.token), "brackets belong to a running average: E[O^2]");
    const advice =
      before.kind === "sign" || text === "(" ? "a product needs its *" : `write ${before.text}*${text} for a product`;
    return this.fail("a sign before it: +, - or *", this.seen(this.token), advice);
  }

  private get token(): Token {
    return this.tokens[this.next] ?? { kind: "end", text: "", at: this.text.length };
  }

  private take(sign: string): boolean {
    if (this.token.kind !== "sign" || this.token.text !== sign) return false;
    this.next++;
    return true;
  }

  private seen({ kind, text }: Token): string {
    return kind === "end" ? "the end" : quote(shorten(text));
  }

  private fail(expected: string, got: string, advice?: string, at = this.token): never {
    throw new PolynomialError(this.text, at.at + 1, expected, got, advice);
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 24)}...` : text;
}

/** The text around a column, at most 72 characters of it, with a caret below. */
function excerptAt(text: string, column: number): string {
  const plain = text.replaceAll(/\s/g, " ");
  const from = Math.max(0, Math.min(column - 37, plain.length - 72));
  const before = from > 0 ? "..." : "";
  const after = from + 72 < plain.length ? "..." : "";
  const caret = " ".repeat(2 + before.length + column - 1 - from);
  return `  ${before}${plain.slice(from, from + 72)}${after}\n${caret}^`;
}
