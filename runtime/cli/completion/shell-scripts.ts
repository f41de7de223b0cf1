// Scripts that have a shell ask us: `mycontainer completion words …` prints one candidate a line, with a tab and what
// it is, or `:files` alone.

const bash = `# bash completion for mycontainer; source it, or put it into /etc/bash_completion.d
_mycontainer() {
  local reply
  reply=$(mycontainer completion words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $reply == :files ]]; then
    compopt -o default
    COMPREPLY=()
  else
    local IFS=$'\\n'
    COMPREPLY=($(cut -f1 <<<"$reply"))
  fi
}
complete -F _mycontainer mycontainer
`

const zsh = `#compdef mycontainer
# zsh completion for mycontainer; put it as _mycontainer into a folder of $fpath, or source it
_mycontainer() {
  local reply line
  local -a candidates
  reply=$(mycontainer completion words "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if [[ $reply == :files ]]; then
    _files
    return
  fi
  for line in "\${(@f)reply}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'mycontainer' candidates
}
if [[ $funcstack[1] == _mycontainer ]]; then
  _mycontainer "$@"
else
  compdef _mycontainer mycontainer
fi
`

const fish = `# fish completion for mycontainer; put it into ~/.config/fish/completions/mycontainer.fish
function __mycontainer_complete
  set -l current (commandline -ct)
  set -l words (commandline -opc) "$current"
  set -l reply (mycontainer completion words $words[2..-1] 2>/dev/null)
  if test "$reply" = ':files'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $reply
  end
end
complete -c mycontainer -f -a '(__mycontainer_complete)'
`

export const shellScripts: Readonly<Record<string, string>> = { bash, fish, zsh }
