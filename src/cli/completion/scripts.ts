/** The shells' halves of the completion: they hand the line to `__complete` and show what it prints. */
export const scripts: Readonly<Record<string, (program: string) => string>> = { bash, zsh, fish };

function bash(program: string): string {
  return `# bash completion for ${program}
_coracle_${program}() {
    local line current=\${COMP_WORDS[COMP_CWORD]}
    [[ $current == [=:] ]] && current=
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            [[ $line == *nospace* ]] && compopt -o nospace
            if [[ $line == *files* ]]; then
                compopt -o filenames
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
            elif [[ $line == *folders* ]]; then
                compopt -o filenames
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
            fi
            break
        fi
        COMPREPLY+=("\${line%%$'\\t'*}")
    done < <(${program} __complete --line "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _coracle_${program} ${program}
`;
}

function zsh(program: string): string {
  return `#compdef ${program}
_coracle_${program}() {
    local line value mode
    local -a described options
    while IFS= read -r line; do
        if [[ $line == :* ]]; then mode=$line; break; fi
        value=\${line%%$'\\t'*}
        described+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
    done < <(${program} __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
    [[ $mode == *nospace* ]] && options=(-S '')
    (( \${#described} )) && _describe -t values ${program} described "\${options[@]}"
    case $mode in
        *files*) _files ;;
        *folders*) _files -/ ;;
    esac
}
if [[ $funcstack[1] == _${program} ]]; then
    _coracle_${program}
else
    compdef _coracle_${program} ${program}
fi
`;
}

function fish(program: string): string {
  return `# fish completion for ${program}
function __coracle_${program}
    set -l words (commandline -opc) (commandline -ct)
    for line in (${program} __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':*files*'
                __fish_complete_path (commandline -ct)
            case ':*folders*'
                __fish_complete_directories (commandline -ct) ''
            case ':*'
            case '*'
                printf '%s\\n' $line
        end
    end
end
complete -c ${program} -f -a '(__coracle_${program})'
`;
}
