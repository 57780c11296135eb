import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';

/** Each script hands the words up to the cursor to `lockstep __complete`, which knows commands, options and stages. */
const SCRIPTS = {
  bash: `_lockstep() {
  local line=\${COMP_LINE:0:COMP_POINT} candidate text
  local -a words
  read -ra words <<< "$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  local current=\${words[\${#words[@]}-1]}
  # Readline replaces only what follows the last of its word breaks, such as ':' in file:stage or '@' in group@item.
  local kept='' breaks=\${COMP_WORDBREAKS-:=@}
  breaks=\${breaks//[^:=@]/}
  if [[ -n $breaks ]]; then
    case $current in *[$breaks]*) kept=\${current%"\${current##*[$breaks]}"} ;; esac
  fi
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate text; do
    case $candidate in "$current"*) COMPREPLY+=("\${candidate#"$kept"}") ;; esac
  done < <(lockstep __complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -o default -F _lockstep lockstep
`,
  zsh: `#compdef lockstep
_lockstep() {
  local -a candidates
  local candidate text
  while IFS=$'\\t' read -r candidate text; do
    candidates+=("\${candidate//:/\\\\:}\${text:+:$text}")
  done < <(lockstep __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if (( \${#candidates} )); then
    _describe lockstep candidates
  else
    _files
  fi
}
compdef _lockstep lockstep
`,
  fish: `complete -c lockstep -f -a '(lockstep __complete -- (commandline -opc)[2..] (commandline -ct) 2> /dev/null; or __fish_complete_path (commandline -ct))'
`,
} as const;

type Shell = keyof typeof SCRIPTS;

export const command = defineCommand({
  usage: 'completion <bash|zsh|fish>',
  summary: 'Print what makes a shell complete commands, options and stages',
  options: {},
  positionals: { min: 1, max: 1 },
  examples: [
    'eval "$(lockstep completion bash)"     # in ~/.bashrc',
    'eval "$(lockstep completion zsh)"      # in ~/.zshrc, after compinit',
    'lockstep completion fish > ~/.config/fish/completions/lockstep.fish',
  ],
  async run(context, _, [shell = '']) {
    if (!Object.hasOwn(SCRIPTS, shell)) {
      const { LockstepError } = await import('../base/error.ts');
      throw new LockstepError('usage', `no completion for '${shell}'`, {
        hint: `choose from: ${Object.keys(SCRIPTS).join(', ')}`,
      });
    }
    context.stdout.write(SCRIPTS[shell as Shell]);
    return EXIT.ok;
  },
});
