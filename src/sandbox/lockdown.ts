/**
 * Makes what the language provides unchangeable, and takes away what differs from one run to the next.
 *
 * Runs in the context of a rule file before the file does, and in the process around it.
 */

/** What the language itself gives to the global object; a process has more. */
const languageGlobals: readonly string[] = [
  ...["Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Math", "JSON", "Reflect"],
  ...["Proxy", "Promise", "RegExp", "Date", "Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"],
  ...["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"],
  ...["SuppressedError", "DisposableStack", "AsyncDisposableStack", "Iterator", "Temporal", "Intl", "WebAssembly"],
  ...["ArrayBuffer", "SharedArrayBuffer", "DataView", "Atomics", "Int8Array", "Uint8Array", "Uint8ClampedArray"],
  ...["Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "BigInt64Array", "BigUint64Array", "Float16Array"],
  ...["Float32Array", "Float64Array", "parseFloat", "parseInt", "isFinite", "isNaN", "eval", "escape", "unescape"],
  ...["decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "console"],
];

/** Clocks, locales, collectors and memory that threads share: what a result must not depend on. */
const removed: readonly string[] = [
  ...["Atomics", "FinalizationRegistry", "Intl", "SharedArrayBuffer", "Temporal", "WeakRef", "WebAssembly"],
];

/** Names that programs give to properties of their own objects although a prototype has them. */
const oftenAssigned: readonly PropertyKey[] = [
  ...["constructor", "name", "message", "cause", "toString", "toJSON", "toLocaleString", "valueOf"],
  ...["then", "catch", "finally"],
];

/** Freezes every object that the language provides, and the global names of these. */
export function freezeIntrinsics(): void {
  const names = languageGlobals.filter((name) => name in globalThis);
  const roots = [...names.map((name): unknown => Reflect.get(globalThis, name)), ...nameless()];
  for (const one of reachable(roots)) {
    // `error.name = ...` is refused where a frozen prototype has a `name`, unless that is an accessor.
    for (const key of one === Object.prototype ? Reflect.ownKeys(one) : oftenAssigned) makeAssignable(one, key);
  }
  // The accessors too.
  for (const one of reachable(roots)) Object.freeze(one);
  for (const name of names)
    Object.defineProperty(globalThis, name, {
      value: Reflect.get(globalThis, name) as unknown,
      ...{ writable: false, enumerable: false, configurable: false },
    });
}

/** Leaves nothing in this context that differs from one run to the next: asking for it calls `refuse`. */
export function removeChance(refuse: (what: string) => never): void {
  Math.random = () => refuse("Math.random()");
  const FullDate = Date;
  const FixedDate = function (...given: unknown[]): unknown {
    if ((new.target as unknown) === undefined) return refuse("Date()");
    return given.length === 0 ? refuse("new Date()") : Reflect.construct(FullDate, given, new.target);
  };
  const { prototype, UTC, parse } = FullDate;
  Object.defineProperties(FixedDate, {
    ...{ name: { value: "Date" }, length: { value: 7 }, prototype: { value: prototype, writable: false } },
    ...{ UTC: { value: UTC }, parse: { value: parse }, now: { value: () => refuse("Date.now()") } },
  });
  Object.defineProperty(prototype, "constructor", { value: FixedDate });
  const methods = ["assert", "debug", "dir", "error", "info", "log", "table", "trace", "warn"];
  const silent = Object.fromEntries(methods.map((name) => [name, () => undefined]));
  for (const [name, value] of [
    ["Date", FixedDate],
    ["console", silent],
  ] as const)
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
  for (const name of removed) Reflect.deleteProperty(globalThis, name);
  // Traces of the stack are for the message of an error, and nobody's else.
  Reflect.deleteProperty(Error, "captureStackTrace");
  Error.stackTraceLimit = 100;
}

/** Freezes what a namespace exports: functions, classes and their prototypes, lists, tables. Not schemas, which are filled in as they are used. */
export function freezeExports(namespace: object): void {
  const seen = new Set<unknown>();
  const rest: unknown[] = [namespace];
  while (rest.length > 0) {
    const one = rest.pop();
    if (!isObject(one) || seen.has(one) || Object.hasOwn(one, "_zod")) continue;
    seen.add(one);
    const isNamespace = Object.getPrototypeOf(one) === Object.prototype;
    for (const { value, get, set, enumerable } of propertiesOf(one)) {
      rest.push(value, get, set);
      // The exports of a bundled module are accessors.
      if (isNamespace && enumerable === true) rest.push(get?.call(one));
    }
    Object.freeze(one);
  }
}

/** Every object from which some are made, and to which their properties lead, without calling anything. */
function reachable(roots: readonly unknown[]): Set<object> {
  const seen = new Set<object>();
  const rest = [...roots];
  while (rest.length > 0) {
    const one = rest.pop();
    if (!isObject(one) || seen.has(one)) continue;
    seen.add(one);
    rest.push(Object.getPrototypeOf(one));
    for (const { value, get, set } of propertiesOf(one)) rest.push(value, get, set);
  }
  return seen;
}

/** What the language provides without a name for it: prototypes of generators and iterators. */
function nameless(): object[] {
  const functions = [
    function* () {
      yield 0;
    },
    async function () {
      await Promise.resolve();
    },
    async function* () {
      await Promise.resolve();
      yield 0;
    },
  ];
  const iterators = [
    ...[[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/-/g)],
  ];
  const helpers = (iterators[0] as { map?: (of: () => void) => object }).map?.(() => undefined);
  return [...functions, ...iterators, ...(helpers === undefined ? [] : [helpers])];
}

/** Turns a property into an accessor that objects further down may still overrule by assignment. */
function makeAssignable(target: object, key: PropertyKey): void {
  const property = Object.getOwnPropertyDescriptor(target, key);
  if (property === undefined || !("value" in property) || property.configurable !== true || property.writable !== true)
    return;
  const value: unknown = property.value;
  Object.defineProperty(target, key, {
    get: () => value,
    set(this: unknown, given: unknown) {
      if (this === target || !isObject(this))
        throw new TypeError(`Cannot assign to read only property '${String(key)}'`);
      Object.defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
    },
    enumerable: property.enumerable === true,
    configurable: false,
  });
}

interface Property {
  readonly value?: unknown;
  readonly get?: () => unknown;
  readonly set?: (value: unknown) => void;
  readonly enumerable?: boolean;
}

function propertiesOf(one: object): Property[] {
  return Reflect.ownKeys(one).flatMap((key) => Object.getOwnPropertyDescriptor(one, key) ?? []);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
