# Completion of upset in bash, version 3.2 or later. Made by: upset completion bash
_upset() {
  local cur=${COMP_WORDS[COMP_CWORD]}
  local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
  if [[ $cur == -* ]]; then
    words+=("$cur")
  fi
  # Nothing found leaves the word to bash, which completes names of files.
  COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur")) || true
}
complete -o bashdefault -o default -F _upset upset
