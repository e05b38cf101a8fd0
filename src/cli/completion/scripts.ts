/** What shells are told: to ask `afferent complete` what may come next. */

/** The shells. */
export const shells = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type Shell = (typeof shells)[number];

/** The script of each shell. */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: String.raw`# Completion of afferent for bash. In ~/.bashrc: source <(afferent completion bash)
_afferent() {
  local line="${"${COMP_LINE:0:COMP_POINT}"}" word prefix="" candidate
  local -a words
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  word="${"${words[${#words[@]}-1]}"}"
  # Bash completes what stands behind the last "=".
  [[ "$COMP_WORDBREAKS" == *=* && "$word" == *=* ]] && prefix="${'${word%"${word##*=}"}'}"
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    COMPREPLY+=("${'${candidate#"$prefix"}'}")
  done < <(afferent complete -- "${"${words[@]:1}"}" 2>/dev/null)
  if [[ ${"${#COMPREPLY[@]}"} -eq 1 && "${"${COMPREPLY[0]}"}" == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _afferent afferent
`,
  zsh: String.raw`#compdef afferent
# Completion of afferent for zsh. In ~/.zshrc, after compinit: source <(afferent completion zsh)
_afferent() {
  local word meaning
  local -a whole whole_shown open open_shown
  while IFS=$'\t' read -r word meaning; do
    if [[ "$word" == *= ]]; then
      open+=("$word"); open_shown+=("$word  $meaning")
    else
      whole+=("$word"); whole_shown+=("$word  $meaning")
    fi
  done < <(afferent complete -- "${"${(@)words[2,CURRENT]}"}" 2>/dev/null)
  (( ${"${#whole}"} )) && compadd -l -d whole_shown -- "${"${whole[@]}"}"
  (( ${"${#open}"} )) && compadd -S '' -l -d open_shown -- "${"${open[@]}"}"
  (( ${"${#whole}"} + ${"${#open}"} )) || _files
}
compdef _afferent afferent
`,
  fish: String.raw`# Completion of afferent for fish. In ~/.config/fish/config.fish: afferent completion fish | source
function __afferent_complete
    set -l words (commandline -opc) (commandline -ct)
    afferent complete -- $words[2..-1] 2>/dev/null
end
complete -c afferent -a '(__afferent_complete)'
`,
};
