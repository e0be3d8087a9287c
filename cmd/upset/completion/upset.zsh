#compdef upset
# Completion of upset in zsh. Made by: upset completion zsh
_upset() {
  local -a asked found
  asked=("${(@)words[1,CURRENT-1]}")
  if [[ ${words[CURRENT]} == -* ]]; then
    asked+=("${words[CURRENT]}")
  fi
  found=("${(@f)$(env 0=zsh "${(@)asked}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n ${found[1]} ]]; then
    _describe 'upset' found
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _upset ]]; then
  _upset "$@"
else
  compdef _upset upset
fi
