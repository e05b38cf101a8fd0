import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The table of rooms (docs/architecture.md): what each folder of src/ may import besides itself. */
const rooms = {
  graph: [],
  runtime: ["graph"],
  random: [],
  formats: [],
  tasks: ["random"],
  networks: ["graph", "random"],
  rules: ["graph", "tasks", "networks"],
  train: ["graph", "runtime", "random", "tasks", "networks", "rules"],
  audit: ["graph", "runtime", "random", "tasks", "networks", "rules", "train", "measures"],
  theory: ["graph", "random", "networks", "rules"],
  measures: ["graph", "runtime", "tasks", "networks"],
  sandbox: ["graph", "random", "tasks", "networks", "rules", "train", "theory"],
  study: [
    "graph",
    "runtime",
    "random",
    "formats",
    "tasks",
    "networks",
    "rules",
    "train",
    "audit",
    "theory",
    "measures",
    "sandbox",
  ],
  program: ["graph", "runtime", "random", "tasks", "networks", "rules", "train", "audit", "study"],
  report: ["study", "measures", "audit", "rules"],
};

const directions = Object.entries(rooms).map(([room, allowed]) => ({
  target: `./src/${room}`,
  from: "./src",
  except: [room, ...allowed].map((name) => `./${name}`),
  message: `src/${room} may import only: ${[room, ...allowed].join(", ")} (docs/architecture.md, The rooms).`,
}));

/** Rooms that must also run in a browser: no Node built-ins. Files named *.node.ts are the Node side of such a room. */
const browserSafe = [
  "graph",
  "random",
  "formats",
  "tasks",
  "networks",
  "rules",
  "train",
  "audit",
  "theory",
  "measures",
  "report",
  "program",
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".afferent/", "coverage/", "bench/peers/"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver({ project: "./tsconfig.json" })] },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones: directions }],
      // Leaving a key out by destructuring is the plain way to say it.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "import-x/no-default-export": "error",
      "import-x/no-cycle": "error",
    },
  },
  {
    files: browserSafe.map((room) => `src/${room}/**/*.ts`),
    ignores: ["**/*.test.ts", "**/*.contract.ts", "**/*.node.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "This room runs in a browser: no Node import." }] },
      ],
    },
  },
  { files: ["*.config.ts", "studies/**/*.ts"], rules: { "import-x/no-default-export": "off" } },
  {
    // Tests index arrays they have just built and read JSON they have just written.
    files: ["**/*.test.ts", "**/*.contract.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off", "import-x/no-restricted-paths": "off" },
  },
);
