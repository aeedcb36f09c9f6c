# osaudit: answers the questions of an audit about this server.
#
# For whoever reviews this script:
# - It reads. It writes no file, no registry value and no setting, and starts no program.
# - It opens network connections in two places only. Connect tries whether a port answers that server.hsconf or the
#   request names: it sends nothing and closes at once. Http asks this server's own web site at 127.0.0.1, without
#   signing in.
# - It is fixed. All that changes from one audit to the next is the request below: JSON that names registry values,
#   WMI properties, files and XML elements. The request is data; nothing of it is ever run.
# - Nothing but what the request names leaves this server. Of XML files, elements and attributes that are not named are
#   dropped here, before anything is printed. Of a digest question only a keyed hash leaves, never the content.
# - It travels as readable text, so this is exactly what the script-block log shows.
# - What may not be read is reported as denied. Nothing is retried and no right is asked for.
# - It loads no module that is not part of Windows. PowerShell itself keeps caches in the profile of the account that
#   runs it, as at every start; Windows may make that profile when the account signs in for the first time.
# It needs Windows PowerShell 4.0 or 5.1 in FullLanguage mode.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# For this process alone: commands are looked for among the modules of Windows, not in Program Files or in a folder of
# the account, which may be on another server.
$env:PSModulePath = $PSHOME + '\Modules'

# osaudit-request-begin
$requestText = @'
{}
'@
# osaudit-request-end

$request = ConvertFrom-Json -InputObject $requestText
$watch = [System.Diagnostics.Stopwatch]::StartNew()
$invariant = [System.Globalization.CultureInfo]::InvariantCulture
# For this thread alone: letters match without regard to case in the same way everywhere, also where i and I differ.
[System.Threading.Thread]::CurrentThread.CurrentCulture = $invariant

# ---- Time and words -------------------------------------------------------------------------------------------------

# $questionEnd is set for each question by the main loop at the end of this script.
function Assert-Time {
    if ($watch.Elapsed.TotalSeconds -ge $questionEnd) { throw 'out of time' }
}

function Format-Moment([DateTime]$moment) {
    return $moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $invariant)
}

# A pattern in which only * is special, as a regular expression. -like would give meaning to [ and ? as well.
function Get-Expression([string]$pattern) {
    if ($pattern -eq '') { $pattern = '*' }
    return '\A' + ([regex]::Escape($pattern) -replace '\\\*', '[\s\S]*') + '\z'
}

# ---- Registry -------------------------------------------------------------------------------------------------------

# Returns a key opened for reading, or $null where there is none. A refusal throws SecurityException.
function Open-Key([string]$key, [int]$view) {
    if (-not $key.StartsWith('HKLM\', [System.StringComparison]::OrdinalIgnoreCase)) { throw 'only HKLM is read' }
    $registryView = [Microsoft.Win32.RegistryView]::Registry64
    if ($view -eq 32) { $registryView = [Microsoft.Win32.RegistryView]::Registry32 }
    $hive = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $registryView)
    return $hive.OpenSubKey($key.Substring(5))
}

# Returns the named values that exist and are not binary. Numbers are unsigned, as the registry editor shows them.
function Read-Values($key, $names) {
    $found = @{}
    foreach ($name in $names) {
        $data = $key.GetValue([string]$name)
        if ($data -is [string]) { $found[$name] = [string]$data }
        elseif ($data -is [int]) { $found[$name] = [BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$data), 0) }
        elseif ($data -is [long]) { $found[$name] = [BitConverter]::ToUInt64([BitConverter]::GetBytes([long]$data), 0) }
        elseif ($data -is [string[]]) { $found[$name] = [string[]]$data }
    }
    return $found
}

function Get-RegistryAnswer($arguments) {
    $view = 64
    if ($arguments.view) { $view = [int]$arguments.view }
    $key = Open-Key $arguments.key $view
    if ($null -eq $key) { throw (New-Object System.IO.FileNotFoundException 'key') }
    $namesOnly = ($arguments.values -is [string]) -and ($arguments.values -eq '*')
    $value = @{ values = @{} }
    if ($namesOnly) {
        $names = [string[]]@($key.GetValueNames())
        [Array]::Sort($names, [StringComparer]::OrdinalIgnoreCase)
        $value.names = $names
    } else {
        $value['values'] = Read-Values $key $arguments.values
    }
    $complete = $true
    if ($arguments.subkeys) {
        $like = Get-Expression $arguments.subkeys_like
        $subkeyNames = [string[]]@($key.GetSubKeyNames() | Where-Object { $_ -match $like })
        [Array]::Sort($subkeyNames, [StringComparer]::OrdinalIgnoreCase)
        $subkeys = @{}
        foreach ($subkeyName in $subkeyNames) {
            Assert-Time
            if ($subkeys.psbase.Count -ge 500) { $complete = $false; break }
            $subkey = $key.OpenSubKey($subkeyName)
            # Deleted since it was listed: as if it had never been there.
            if ($null -eq $subkey) { continue }
            if ($namesOnly) { $subkeys[$subkeyName] = @{} }
            else { $subkeys[$subkeyName] = Read-Values $subkey $arguments.values }
            $subkey.Close()
        }
        $value.subkeys = $subkeys
    }
    $key.Close()
    return @{ value = $value; complete = $complete }
}

# ---- WMI ------------------------------------------------------------------------------------------------------------

function Get-PlainValue($value) {
    if ($null -eq $value) { return $null }
    if ($value -is [DateTime]) { return Format-Moment $value }
    if (($value -is [string]) -or ($value -is [bool])) { return $value }
    if ($value.GetType().IsPrimitive -and ($value -isnot [char])) { return $value }
    return [string]$value
}

function Get-WmiAnswer($arguments) {
    $class = [string]$arguments.class
    foreach ($name in @($class) + @($arguments.properties)) {
        if ($name -notmatch '\A[A-Za-z_][A-Za-z0-9_]*\z') { throw 'a class or property is not a name' }
    }
    # Asking this class makes Windows Installer check every installed package.
    if ($class -eq 'Win32_Product') { throw 'Win32_Product is never asked' }
    $namespace = 'root/cimv2'
    if ($arguments.namespace) { $namespace = [string]$arguments.namespace }
    $query = 'SELECT ' + (@($arguments.properties) -join ', ') + ' FROM ' + $class
    if ($arguments.condition) { $query = $query + ' WHERE ' + $arguments.condition }
    $seconds = [int][Math]::Max(1, [Math]::Floor($questionEnd - $watch.Elapsed.TotalSeconds))
    $instances = @(Get-CimInstance -Namespace $namespace -Query $query -OperationTimeoutSec $seconds -ErrorAction Stop)
    $rows = New-Object System.Collections.ArrayList
    $complete = $true
    foreach ($instance in $instances) {
        Assert-Time
        if ($rows.Count -ge 2000) { $complete = $false; break }
        $row = @{}
        foreach ($name in $arguments.properties) {
            $property = $instance.CimInstanceProperties[$name]
            $data = $null
            if ($null -ne $property) { $data = $property.Value }
            if ($data -is [Array]) {
                $list = New-Object System.Collections.ArrayList
                foreach ($item in $data) { [void]$list.Add((Get-PlainValue $item)) }
                $row[$name] = $list
            } else {
                $row[$name] = Get-PlainValue $data
            }
        }
        [void]$rows.Add($row)
    }
    return @{ value = @{ rows = $rows }; complete = $complete }
}

# ---- Files ----------------------------------------------------------------------------------------------------------

# Returns the folder that a registry value names, from the 64-bit view, then the 32-bit view; or $null.
function Read-Base($base) {
    foreach ($view in 64, 32) {
        $key = Open-Key $base.key $view
        if ($null -eq $key) { continue }
        $data = $key.GetValue([string]$base.value)
        $key.Close()
        if ($data -is [string]) { return [string]$data }
    }
    return $null
}

# Returns the full path of a place. Only local drives are read: a path of the network would carry a sign-in elsewhere.
function Get-Place($arguments) {
    # Windows shows other folders under the same names to such a process, so that missing would prove nothing.
    if ([Environment]::Is64BitOperatingSystem -and (-not [Environment]::Is64BitProcess)) {
        throw 'a 32-bit PowerShell cannot answer this'
    }
    $path = [Environment]::ExpandEnvironmentVariables([string]$arguments.path).Replace('/', '\')
    if ($arguments.base) {
        $folder = Read-Base $arguments.base
        if ($null -eq $folder) {
            if ($null -eq $arguments.otherwise) { throw (New-Object System.IO.FileNotFoundException 'base') }
            $folder = [string]$arguments.otherwise
        }
        $folder = [Environment]::ExpandEnvironmentVariables($folder).Replace('/', '\').TrimEnd('\')
        if ($path -eq '') { $path = $folder } else { $path = $folder + '\' + $path.TrimStart('\') }
    }
    if ($path -notmatch '\A[A-Za-z]:\\') { throw 'the place is not a full path on a local drive' }
    $drive = New-Object System.IO.DriveInfo $path.Substring(0, 1)
    if ($drive.DriveType -eq [System.IO.DriveType]::Network) { throw 'the place is on a network drive' }
    return [System.IO.Path]::GetFullPath($path)
}

# Throws FileNotFoundException, DirectoryNotFoundException or UnauthorizedAccessException where that is the case.
# Test-Path would call a denied file missing.
function Assert-Kind([string]$path, [bool]$folder) {
    $attributes = [System.IO.File]::GetAttributes($path)
    $isFolder = ($attributes -band [System.IO.FileAttributes]::Directory) -eq [System.IO.FileAttributes]::Directory
    if ($isFolder -ne $folder) { throw (New-Object System.IO.FileNotFoundException 'kind') }
}

# Opens for reading, and lets others read, write, rename and delete meanwhile.
function Open-File([string]$path) {
    $share = [System.IO.FileShare]'ReadWrite, Delete'
    return [System.IO.File]::Open($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
}

function Read-Text([string]$path, [int]$limit) {
    if (($limit -lt 1) -or ($limit -gt 65536)) { throw 'text must be between 1 and 65536' }
    $buffer = New-Object byte[] $limit
    $count = 0
    $stream = Open-File $path
    try {
        do {
            $read = $stream.Read($buffer, $count, $limit - $count)
            $count = $count + $read
        } while (($read -gt 0) -and ($count -lt $limit))
    } finally {
        $stream.Close()
    }
    if (($count -ge 2) -and ($buffer[0] -eq 0xFF) -and ($buffer[1] -eq 0xFE)) {
        return [System.Text.Encoding]::Unicode.GetString($buffer, 2, $count - 2)
    }
    if (($count -ge 3) -and ($buffer[0] -eq 0xEF) -and ($buffer[1] -eq 0xBB) -and ($buffer[2] -eq 0xBF)) {
        return [System.Text.Encoding]::UTF8.GetString($buffer, 3, $count - 3)
    }
    return [System.Text.Encoding]::UTF8.GetString($buffer, 0, $count)
}

# The numbers of the version resource: the text beside them often has a branch name behind it. Only programs and
# libraries have one; of another file nothing is read to look for it.
function Get-FileVersion([string]$path) {
    if ($path -notmatch '\.(exe|dll)\z') { return $null }
    # Where the file may not be read, this throws, and what follows would only say that there is no version.
    (Open-File $path).Close()
    $info = [System.Diagnostics.FileVersionInfo]::GetVersionInfo($path)
    if ($null -eq $info.FileVersion) { return $null }
    return '{0}.{1}.{2}.{3}' -f $info.FileMajorPart, $info.FileMinorPart, $info.FileBuildPart, $info.FilePrivatePart
}

function Get-FileAnswer($arguments) {
    $path = Get-Place $arguments
    Assert-Kind $path $false
    $info = New-Object System.IO.FileInfo $path
    $value = @{
        path = $path
        size = $info.Length
        modified = Format-Moment $info.LastWriteTimeUtc
        version = Get-FileVersion $path
    }
    if ($null -ne $arguments.text) { $value.text = Read-Text $path ([int]$arguments.text) }
    return @{ value = $value; complete = $true }
}

function Get-DirectoryAnswer($arguments) {
    $path = Get-Place $arguments
    Assert-Kind $path $true
    $limit = 500
    if ($arguments.limit) { $limit = [Math]::Min(500, [int]$arguments.limit) }
    $like = Get-Expression $arguments.like
    $isFolder = @{}
    $directory = New-Object System.IO.DirectoryInfo $path
    foreach ($item in $directory.EnumerateFileSystemInfos()) {
        Assert-Time
        if ($item.Name -match $like) { $isFolder[$item.Name] = $item -is [System.IO.DirectoryInfo] }
    }
    $names = [string[]]@($isFolder.psbase.Keys)
    [Array]::Sort($names, [StringComparer]::OrdinalIgnoreCase)
    $entries = New-Object System.Collections.ArrayList
    foreach ($name in $names) {
        if ($entries.Count -ge $limit) { break }
        [void]$entries.Add(@{ name = $name; folder = $isFolder[$name] })
    }
    return @{ value = @{ path = $path; entries = $entries }; complete = ($names.Length -le $limit) }
}

function Get-DigestAnswer($arguments) {
    $path = Get-Place $arguments
    Assert-Kind $path $false
    $key = [Convert]::FromBase64String([string]$request.digest_key)
    if ($key.Length -eq 0) { throw 'the request has no digest key' }
    $code = New-Object System.Security.Cryptography.HMACSHA256 -ArgumentList (, $key)
    $stream = Open-File $path
    try {
        $size = $stream.Length
        $digest = [BitConverter]::ToString($code.ComputeHash($stream)).Replace('-', '').ToLowerInvariant()
    } finally {
        $stream.Close()
    }
    return @{ value = @{ path = $path; size = $size; digest = $digest }; complete = $true }
}

# ---- XML ------------------------------------------------------------------------------------------------------------

# PowerShell shows an element's children and attributes as properties of it, so that one named Value or Attributes would
# hide the real property. The get_ methods cannot be hidden.

# Whether every attribute that a rule sets a condition on is there and matches.
function Test-Condition($element, $rule) {
    $where = $rule.PSObject.Properties['where']
    if (($null -eq $where) -or ($null -eq $where.Value)) { return $true }
    foreach ($condition in $where.Value.PSObject.Properties) {
        $attribute = $element.get_Attributes().GetNamedItem($condition.Name)
        if ($null -eq $attribute) { return $false }
        if ($attribute.get_Value() -notmatch (Get-Expression $condition.Value)) { return $false }
    }
    return $true
}

# The element's own text, without that of the elements in it.
function Get-OwnText($element) {
    $text = ''
    foreach ($child in $element.get_ChildNodes()) {
        $kind = [string]$child.get_NodeType()
        if (($kind -eq 'Text') -or ($kind -eq 'CDATA')) { $text = $text + $child.get_Value() }
    }
    return $text
}

# Returns what may leave of an element, or $null where no rule names it or anything in it. Each item of $rules is a rule
# with the steps of its path; $depth says which step this element would be.
function Get-AllowedElement($element, $rules, [int]$depth) {
    $deeper = New-Object System.Collections.ArrayList
    $own = New-Object System.Collections.ArrayList
    foreach ($item in $rules) {
        if ($item.steps[$depth] -ne $element.get_LocalName()) { continue }
        if ($item.steps.Length -gt ($depth + 1)) { [void]$deeper.Add($item) }
        elseif (Test-Condition $element $item.rule) { [void]$own.Add($item.rule) }
    }
    $children = New-Object System.Collections.ArrayList
    if ($deeper.Count -gt 0) {
        foreach ($child in $element.get_ChildNodes()) {
            if ([string]$child.get_NodeType() -ne 'Element') { continue }
            Assert-Time
            $kept = Get-AllowedElement $child $deeper ($depth + 1)
            if ($null -ne $kept) { [void]$children.Add($kept) }
        }
    }
    if (($own.Count -eq 0) -and ($children.Count -eq 0)) { return $null }
    $node = @{ name = $element.get_LocalName(); attributes = @{}; children = $children }
    foreach ($rule in $own) {
        foreach ($name in $rule.attributes) {
            $attribute = $element.get_Attributes().GetNamedItem([string]$name)
            if ($null -ne $attribute) { $node.attributes[$name] = $attribute.get_Value() }
        }
        if ($rule.text -eq 'value') { $node.text = Get-OwnText $element }
        elseif (($rule.text -eq 'presence') -and (-not $node.ContainsKey('text'))) {
            $node.text = (Get-OwnText $element) -ne ''
        }
    }
    return $node
}

# A document type is refused, and nothing outside the file is ever fetched.
function Read-Xml([string]$path) {
    $settings = New-Object System.Xml.XmlReaderSettings
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $settings.XmlResolver = $null
    $settings.MaxCharactersInDocument = 50000000
    $document = New-Object System.Xml.XmlDocument
    $document.XmlResolver = $null
    $stream = Open-File $path
    try {
        $document.Load([System.Xml.XmlReader]::Create($stream, $settings))
    } catch [System.Xml.XmlException] {
        # The parser's own words may quote the file.
        throw 'the file is not XML that may be read'
    } finally {
        $stream.Close()
    }
    return , $document
}

function Get-XmlAnswer($arguments) {
    $path = Get-Place $arguments
    Assert-Kind $path $false
    $root = (Read-Xml $path).get_DocumentElement()
    $rules = New-Object System.Collections.ArrayList
    foreach ($rule in $arguments.take) {
        [void]$rules.Add(@{ rule = $rule; steps = ([string]$rule.path).Split([char]'/') })
    }
    $node = Get-AllowedElement $root $rules 0
    if ($null -eq $node) { $node = @{ name = $root.get_LocalName(); attributes = @{}; children = @() } }
    return @{ value = @{ path = $path; root = $node }; complete = $true }
}

# ---- Network, clock, account ----------------------------------------------------------------------------------------

function Get-ListenerAnswer {
    $listeners = New-Object System.Collections.ArrayList
    $names = @{}
    foreach ($process in Get-Process) { $names[[string]$process.Id] = $process.ProcessName }
    try {
        # A command of a script module does not see the preference above, so it is told by itself.
        foreach ($connection in Get-NetTCPConnection -State Listen -ErrorAction Stop) {
            $id = [long]$connection.OwningProcess
            [void]$listeners.Add(@{
                address = [string]$connection.LocalAddress
                port = [int]$connection.LocalPort
                process = [string]$names[[string]$id]
                pid = $id
            })
        }
    } catch {
        # Without the NetTCPIP module, or without the right to it, .NET still knows the ports, not the processes.
        $listeners.Clear()
        $properties = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
        foreach ($endpoint in $properties.GetActiveTcpListeners()) {
            [void]$listeners.Add(@{
                address = $endpoint.Address.ToString()
                port = [int]$endpoint.Port
                process = ''
                pid = 0
            })
        }
    }
    return @{ value = @{ listeners = $listeners }; complete = $true }
}

function Get-ClockAnswer {
    $now = [DateTime]::UtcNow
    $zone = [TimeZoneInfo]::Local
    $value = @{
        utc = $now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", $invariant)
        zone = $zone.Id
        offset_minutes = [int]$zone.GetUtcOffset($now).TotalMinutes
    }
    return @{ value = $value; complete = $true }
}

function Get-AccountAnswer {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object System.Security.Principal.WindowsPrincipal $identity
    $administrator = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
    return @{ value = @{ administrator = $administrator }; complete = $true }
}

# ---- Other servers, the own web site, certificates ------------------------------------------------------------------

# The text of the first element with this path; empty where there is none.
function Find-Text($root, [string]$path) {
    $steps = $path.Split([char]'/')
    if (($null -eq $root) -or ($root.get_LocalName() -ne $steps[0])) { return '' }
    $element = $root
    for ($depth = 1; $depth -lt $steps.Length; $depth = $depth + 1) {
        $next = $null
        foreach ($child in $element.get_ChildNodes()) {
            if (([string]$child.get_NodeType() -ne 'Element') -or ($null -ne $next)) { continue }
            if ($child.get_LocalName() -eq $steps[$depth]) { $next = $child }
        }
        if ($null -eq $next) { return '' }
        $element = $next
    }
    return Get-OwnText $element
}

# Who is meant by a target: the host and port that it gives, or those that stand in the elements that it names. A
# database server may be written tcp:host\instance,port; the port of an instance without one is not known.
function Get-Target($target, $root) {
    $words = [string]$target.host
    if ($target.element) { $words = Find-Text $root $target.element }
    $number = [string]$target.port
    if ($target.port_element) {
        $own = (Find-Text $root $target.port_element).Trim()
        if ($own -ne '') { $number = $own }
    }
    $parts = ($words.Trim() -replace '\Atcp:', '').Split([char]',')
    $names = $parts[0].Split([char]'\')
    if ($parts.Length -gt 1) { $number = $parts[1].Trim() }
    elseif ($names.Length -gt 1) { $number = '' }
    $name = $names[0].Trim()
    if (($name -eq '.') -or ($name -eq '(local)')) { $name = 'localhost' }
    $port = 0
    if (($number -match '\A[0-9]{1,5}\z') -and ([int]$number -le 65535)) { $port = [int]$number }
    return @{ target = [string]$target.name; host = $name; port = $port; result = '' }
}

# The name that .NET has for what went wrong with a connection, such as ConnectionRefused; it is never translated.
function Get-SocketError($exception) {
    while ($null -ne $exception) {
        if ($exception -is [System.Net.Sockets.SocketException]) { return [string]$exception.SocketErrorCode }
        $exception = $exception.InnerException
    }
    return 'Unknown'
}

# All connections begin before the first is waited for, so that together they take no longer than the slowest.
function Get-ConnectAnswer($arguments) {
    $root = $null
    if ($arguments.path) {
        $path = Get-Place $arguments
        Assert-Kind $path $false
        $root = (Read-Xml $path).get_DocumentElement()
    }
    $seconds = 5
    $connections = New-Object System.Collections.ArrayList
    $clients = New-Object System.Collections.ArrayList
    $pending = New-Object System.Collections.ArrayList
    $complete = $true
    try {
        foreach ($target in $arguments.targets) {
            Assert-Time
            if ($connections.Count -ge 100) { $complete = $false; break }
            $connection = Get-Target $target $root
            if ($connection.host -eq '') { $connection.result = 'NoHost' }
            elseif ($connection.port -eq 0) { $connection.result = 'NoPort' }
            $client = New-Object System.Net.Sockets.TcpClient
            [void]$clients.Add($client)
            $begun = $null
            if ($connection.result -eq '') {
                try { $begun = $client.BeginConnect([string]$connection.host, [int]$connection.port, $null, $null) }
                catch { $connection.result = Get-SocketError $_.Exception }
            }
            [void]$pending.Add($begun)
            [void]$connections.Add($connection)
        }
        $end = [Math]::Min($questionEnd, $watch.Elapsed.TotalSeconds + $seconds)
        for ($number = 0; $number -lt $connections.Count; $number = $number + 1) {
            if ($null -eq $pending[$number]) { continue }
            $left = [int][Math]::Max(0, [Math]::Round(($end - $watch.Elapsed.TotalSeconds) * 1000))
            try {
                if ($pending[$number].AsyncWaitHandle.WaitOne($left)) {
                    $clients[$number].EndConnect($pending[$number])
                    $connections[$number].result = 'Open'
                } else {
                    $connections[$number].result = 'TimedOut'
                }
            } catch {
                $connections[$number].result = Get-SocketError $_.Exception
            }
        }
    } finally {
        foreach ($client in $clients) { $client.Close() }
    }
    return @{ value = @{ connections = $connections }; complete = $complete }
}

function Get-ResolveAnswer($arguments) {
    $addresses = New-Object System.Collections.ArrayList
    foreach ($address in [System.Net.Dns]::GetHostAddresses([string]$arguments.name)) {
        [void]$addresses.Add($address.ToString())
    }
    return @{ value = @{ addresses = $addresses }; complete = $true }
}

# Nobody but this server is asked: no proxy, no other address, and no redirect is followed. Nobody is signed in.
function Get-HttpAnswer($arguments) {
    $path = [string]$arguments.path
    if ($path -notmatch '\A/[A-Za-z0-9._/-]*\z') { throw 'only a plain path is asked for' }
    $web = [System.Net.WebRequest]::Create('http://127.0.0.1:80' + $path)
    $web.Proxy = $null
    $web.AllowAutoRedirect = $false
    $web.KeepAlive = $false
    $web.Timeout = [int][Math]::Max(1000, [Math]::Floor(($questionEnd - $watch.Elapsed.TotalSeconds - 1) * 1000))
    $value = @{ status = $null; location = ''; problem = '' }
    $response = $null
    try {
        $response = $web.GetResponse()
    } catch {
        $exception = $_.Exception
        while (($null -ne $exception) -and ($exception -isnot [System.Net.WebException])) {
            $exception = $exception.InnerException
        }
        if ($null -eq $exception) { throw }
        $value.problem = [string]$exception.Status
        $response = $exception.Response
    }
    if ($null -ne $response) {
        $value.status = [int]$response.StatusCode
        $value.location = [string]$response.Headers['Location']
        $response.Close()
    }
    return @{ value = $value; complete = $true }
}

# The certificates in a store of this computer; only the public part is ever looked at.
function Read-Store([string]$name) {
    $location = [System.Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine
    $store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList $name, $location
    $store.Open([System.Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')
    $certificates = @($store.Certificates)
    $store.Close()
    return $certificates
}

# What Windows has registered for HTTPS: under which address or name which certificate is shown.
function Get-HttpsBinding {
    $bindings = New-Object System.Collections.ArrayList
    foreach ($kind in 'SslBindingInfo', 'SslSniBindingInfo', 'SslCcsBindingInfo') {
        $key = Open-Key ('HKLM\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\' + $kind) 64
        if ($null -eq $key) { continue }
        foreach ($endpoint in $key.GetSubKeyNames()) {
            $subkey = $key.OpenSubKey($endpoint)
            if ($null -eq $subkey) { continue }
            $binding = @{ kind = $kind; endpoint = $endpoint; thumbprint = ''; store = 'MY' }
            $hash = $subkey.GetValue('SslCertHash')
            if ($hash -is [byte[]]) { $binding.thumbprint = [BitConverter]::ToString($hash).Replace('-', '') }
            $store = [string]$subkey.GetValue('SslCertStoreName')
            if ($store -ne '') { $binding.store = $store }
            $subkey.Close()
            [void]$bindings.Add($binding)
        }
        $key.Close()
    }
    return $bindings
}

# The certificates of all HTTPS bindings, and of those who issued them as far as this computer has them. An issuer is
# found by its name among what is here; nothing is fetched.
function Get-CertificateAnswer {
    $bindings = @(Get-HttpsBinding)
    $rows = New-Object System.Collections.ArrayList
    $known = @{}
    $waiting = New-Object System.Collections.Queue
    $read = @{}
    foreach ($binding in $bindings) {
        Assert-Time
        if ($binding.thumbprint -eq '') { continue }
        if (-not $read.ContainsKey($binding.store)) { $read[$binding.store] = @(Read-Store $binding.store) }
        foreach ($certificate in $read[$binding.store]) {
            if ($certificate.Thumbprint -ne $binding.thumbprint) { continue }
            $waiting.Enqueue(@{ store = $binding.store; certificate = $certificate })
        }
    }
    $issuers = @{}
    if ($waiting.Count -gt 0) {
        foreach ($store in 'CA', 'AuthRoot', 'Root') {
            foreach ($certificate in Read-Store $store) {
                $name = [BitConverter]::ToString($certificate.SubjectName.RawData)
                if (-not $issuers.ContainsKey($name)) { $issuers[$name] = New-Object System.Collections.ArrayList }
                [void]$issuers[$name].Add(@{ store = $store; certificate = $certificate })
            }
        }
    }
    $complete = $true
    while ($waiting.Count -gt 0) {
        Assert-Time
        $next = $waiting.Dequeue()
        $certificate = $next.certificate
        $place = $next.store + ' ' + $certificate.Thumbprint
        if ($known.ContainsKey($place)) { continue }
        if ($rows.Count -ge 100) { $complete = $false; break }
        $known[$place] = $true
        [void]$rows.Add(@{
            store = $next.store
            thumbprint = $certificate.Thumbprint
            private_key = $certificate.HasPrivateKey
            raw = [BitConverter]::ToString($certificate.RawData).Replace('-', '').ToLowerInvariant()
        })
        $name = [BitConverter]::ToString($certificate.IssuerName.RawData)
        if ($issuers.ContainsKey($name)) { foreach ($issuer in $issuers[$name]) { $waiting.Enqueue($issuer) } }
    }
    return @{ value = @{ bindings = $bindings; certificates = $rows }; complete = $complete }
}

# ---- One question ---------------------------------------------------------------------------------------------------

function Get-Answer([string]$verb, $arguments) {
    switch ($verb) {
        'registry' { return Get-RegistryAnswer $arguments }
        'wmi' { return Get-WmiAnswer $arguments }
        'file' { return Get-FileAnswer $arguments }
        'directory' { return Get-DirectoryAnswer $arguments }
        'xml' { return Get-XmlAnswer $arguments }
        'digest' { return Get-DigestAnswer $arguments }
        'listener' { return Get-ListenerAnswer }
        'clock' { return Get-ClockAnswer }
        'account' { return Get-AccountAnswer }
        'connect' { return Get-ConnectAnswer $arguments }
        'resolve' { return Get-ResolveAnswer $arguments }
        'http' { return Get-HttpAnswer $arguments }
        'certificate' { return Get-CertificateAnswer }
    }
    return $null
}

# Tells missing and denied from failed by the type of the error, never by its words, which are translated.
function Get-Outcome([string]$verb, $exception) {
    while ($null -ne $exception) {
        $isAbsent = ($exception -is [System.IO.FileNotFoundException]) -or
            ($exception -is [System.IO.DirectoryNotFoundException]) -or
            ($exception -is [System.IO.DriveNotFoundException])
        # A file that PowerShell itself lacks for its command is no proof that WMI lacks the class.
        if ($isAbsent -and ($verb -ne 'wmi')) { return 'missing' }
        if ($exception -is [System.UnauthorizedAccessException]) { return 'denied' }
        if ($exception -is [System.Security.SecurityException]) { return 'denied' }
        if ($exception.GetType().Name -eq 'CimException') {
            # The code of CIM, or the HRESULT that WMI gave over COM; one of them says it.
            $code = [string]$exception.NativeErrorCode + ' ' + [string]$exception.MessageId
            if ($code -match 'AccessDenied|0x80041003|0x80070005') { return 'denied' }
            if ($code -match 'InvalidClass|InvalidNamespace|0x80041010|0x8004100E') { return 'missing' }
        }
        $exception = $exception.InnerException
    }
    return 'failed'
}

# ---- The document ---------------------------------------------------------------------------------------------------

# JSON in ASCII. ConvertTo-Json of PowerShell 5.1 is not used: it prints some lists as objects.
function Format-Text([string]$text) {
    $unsafe = '[^ !#-\[\]-~]'
    if ($text -cmatch $unsafe) {
        $text = [regex]::Replace($text, $unsafe, { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    }
    return '"' + $text + '"'
}

function Format-Json($value) {
    if ($null -eq $value) { return 'null' }
    if ($value -is [bool]) { if ($value) { return 'true' } else { return 'false' } }
    if (($value -is [string]) -or ($value -is [char])) { return Format-Text $value }
    if ($value -is [System.Collections.IDictionary]) {
        $members = New-Object System.Collections.ArrayList
        foreach ($member in $value.GetEnumerator()) {
            [void]$members.Add((Format-Text $member.Key) + ':' + (Format-Json $member.Value))
        }
        return '{' + ($members -join ',') + '}'
    }
    if ($value -is [System.Collections.IEnumerable]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $value) { [void]$items.Add((Format-Json $item)) }
        return '[' + ($items -join ',') + ']'
    }
    if (($value -is [double]) -or ($value -is [float])) {
        if ([double]::IsNaN($value) -or [double]::IsInfinity($value)) { return 'null' }
        return $value.ToString('R', $invariant)
    }
    return $value.ToString($invariant)
}

function Write-Document([string]$json) {
    $memory = New-Object System.IO.MemoryStream
    $mode = [System.IO.Compression.CompressionMode]::Compress
    $packing = New-Object System.IO.Compression.GZipStream -ArgumentList $memory, $mode
    $bytes = [System.Text.Encoding]::ASCII.GetBytes($json)
    $packing.Write($bytes, 0, $bytes.Length)
    $packing.Close()
    $lines = [Convert]::ToBase64String($memory.ToArray(), [System.Base64FormattingOptions]::InsertLineBreaks)
    # Ends a line that something else may have begun, be it with nothing but a byte order mark.
    [Console]::Out.WriteLine()
    [Console]::Out.WriteLine('-----BEGIN OSAUDIT ANSWER-----')
    [Console]::Out.WriteLine($lines)
    [Console]::Out.WriteLine('-----END OSAUDIT ANSWER-----')
}

# ---- All questions, each by itself ----------------------------------------------------------------------------------

$answers = New-Object System.Collections.ArrayList
foreach ($question in $request.questions) {
    $begun = $watch.Elapsed.TotalSeconds
    $questionEnd = [Math]::Min([double]$request.deadline_seconds, $begun + [double]$request.question_seconds)
    $answer = @{ id = [string]$question.id; outcome = 'ok'; value = $null; detail = ''; complete = $true }
    try {
        Assert-Time
        $told = Get-Answer $question.verb $question.arguments
        if ($null -eq $told) {
            $answer.outcome = 'unsupported'
        } else {
            $answer.value = $told.value
            $answer.complete = $told.complete
        }
    } catch {
        $answer.outcome = Get-Outcome $question.verb $_.Exception
        $answer.detail = [string]$_.Exception.Message
        if ($answer.detail.Length -gt 500) { $answer.detail = $answer.detail.Substring(0, 500) }
    }
    $answer.milliseconds = [long][Math]::Round(($watch.Elapsed.TotalSeconds - $begun) * 1000)
    [void]$answers.Add($answer)
}
$session = @{
    engine = $PSVersionTable.PSVersion.ToString()
    language_mode = $ExecutionContext.SessionState.LanguageMode.ToString()
}
Write-Document (Format-Json @{ osaudit = 1; session = $session; answers = $answers })
