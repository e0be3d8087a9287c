# Completion of upset in PowerShell 5 or later. Made by: upset completion powershell
Register-ArgumentCompleter -Native -CommandName upset -ScriptBlock {
  param($word, $line, $position)
  $words = @($line.CommandElements | ForEach-Object { $_.ToString() })
  $program = $words[0]
  $words = @($words | Select-Object -Skip 1)
  if ($word -ne '' -and -not $word.StartsWith('-') -and $words.Count -gt 0) {
    $words = @($words | Select-Object -First ($words.Count - 1))
  }
  & $program @words --generate-bash-completion 2>$null |
    Where-Object { $_ -like "$word*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
