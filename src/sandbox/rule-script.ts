/** How the bundled rule file is called in traces of the stack. */
export const ruleScript = "afferent-rule-file.js";
