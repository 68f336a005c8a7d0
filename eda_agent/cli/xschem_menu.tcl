# The menu eda-agent of xschem: size the testbench that is open, show the last run, write sizes back, annotate.
# Written by  eda-agent xschem install ; removed by  eda-agent xschem uninstall .

namespace eval eda_agent {
  variable command @COMMAND@
  variable tries 0

  # The folder of the open schematic's spec and runs, beside the schematic.
  proc folder {} {
    set file [xschem get schname]
    return [file join [file dirname $file] eda-agent [file rootname [file tail $file]]]
  }

  # The newest run, or "".
  proc latest {} {
    set runs [lsort [glob -nocomplain -types d [file join [folder] run-*]]]
    return [lindex $runs end]
  }

  # A window that shows what commands print; they run one after the other, and `after_all` runs when all are done.
  proc start {title commands {after_all {}}} {
    variable queue
    set window .eda_agent_[clock clicks]
    toplevel $window
    wm title $window "eda-agent: $title"
    text $window.text -width 100 -height 30 -yscrollcommand [list $window.bar set]
    scrollbar $window.bar -command [list $window.text yview]
    pack $window.bar -side right -fill y
    pack $window.text -side left -fill both -expand 1
    set queue($window) $commands
    next $window $after_all
    return $window
  }

  proc next {window after_all} {
    variable command
    variable queue
    if {![info exists queue($window)] || ![winfo exists $window]} { return }
    if {$queue($window) eq {}} {
      unset queue($window)
      uplevel #0 $after_all
      return
    }
    set words [lindex $queue($window) 0]
    set queue($window) [lrange $queue($window) 1 end]
    say $window "eda-agent [join $words { }]\n"
    if {[catch {open "|[concat $command $words] 2>@1" r} pipe]} {
      say $window "$pipe\n"
      return
    }
    fconfigure $pipe -blocking 0 -encoding utf-8
    bind $window <Destroy> [list eda_agent::stop $pipe]
    fileevent $pipe readable [list eda_agent::more $window $pipe $after_all]
  }

  proc more {window pipe after_all} {
    variable queue
    set text [read $pipe]
    say $window $text
    if {![eof $pipe]} { return }
    catch {bind $window <Destroy> {}}
    fconfigure $pipe -blocking 1
    # status 1 says that not every spec is met, or that the draft has a question
    if {[catch {close $pipe} words options]} {
      set code [dict get $options -errorcode]
      if {[lindex $code 0] ne "CHILDSTATUS" || [lindex $code 2] > 1} {
        unset -nocomplain queue($window)
        return
      }
    }
    next $window $after_all
  }

  proc stop {pipe} {
    catch {exec kill -INT {*}[pid $pipe]}
    catch {close $pipe}
  }

  proc say {window text} {
    if {[winfo exists $window.text]} {
      $window.text insert end $text
      $window.text see end
    }
  }

  proc tell {text} {
    tk_messageBox -title eda-agent -message $text
  }

  # Netlist the schematic, draft a spec if there is none, and size it.
  proc size {} {
    global netlist_dir
    # version 2 starts with another language
    catch {xschem set netlist_type spice}
    set ::netlist_type spice
    xschem netlist
    set name [file rootname [file tail [xschem get schname]]]
    set spec [file join [folder] spec.yaml]
    set commands {}
    if {![file exists $spec]} {
      lappend commands [list init [file join $netlist_dir $name.spice] --out [folder]]
    }
    lappend commands [list size $spec --out [file join [folder] run-[clock format [clock seconds] -format %Y%m%d-%H%M%S]]]
    start size $commands
  }

  proc show {} {
    if {[latest] eq {}} { tell "There is no run of this schematic: Size it first."; return }
    start show [list [list show [latest]]]
  }

  # Write the sizes of the last run into the schematic, and load it again.
  proc write_back {} {
    if {[latest] eq {}} { tell "There is no run of this schematic: Size it first."; return }
    xschem save
    start "write back" [list [list export [latest] --xschem [xschem get schname]]] {catch {xschem reload}}
  }

  # Operating points at the transistors, and measured values beside the schematic.
  proc annotate {{remove {}}} {
    if {$remove eq {} && [latest] eq {}} { tell "There is no run of this schematic: Size it first."; return }
    xschem save
    set words [list xschem annotate]
    if {$remove ne {}} { lappend words --remove } else { lappend words --run [latest] }
    lappend words [xschem get schname]
    start annotate [list $words] {catch {xschem reload}}
  }

  # The menu of one window: a menu bar (version 3), or a row of buttons (version 2).
  proc menu_in {top} {
    set bar $top.menubar
    if {[winfo class $bar] eq "Menu"} {
      set menu $bar.eda_agent
      if {[winfo exists $menu]} { return }
      menu $menu -tearoff 0
      $bar add cascade -label "eda-agent" -menu $menu
    } else {
      set button $bar.eda_agent
      if {[winfo exists $button]} { return }
      menubutton $button -text "eda-agent" -menu $button.menu
      set menu $button.menu
      menu $menu -tearoff 0
      pack $button -side left
    }
    $menu add command -label "Size" -command eda_agent::size
    $menu add command -label "Show the last run" -command eda_agent::show
    $menu add command -label "Write sizes back" -command eda_agent::write_back
    $menu add separator
    $menu add command -label "Annotate operating points" -command eda_agent::annotate
    $menu add command -label "Remove annotations" -command {eda_agent::annotate remove}
  }

  # xschem reads its rc before it makes its windows.
  proc install {} {
    variable tries
    if {![llength [info commands winfo]]} { return }
    if {[winfo exists .menubar]} {
      menu_in {}
    } elseif {[incr tries] < 100} {
      after 100 eda_agent::install
    }
  }
}
if {[llength [info commands after]]} { after idle eda_agent::install }
append user_startup_commands "\ncatch {eda_agent::menu_in \[xschem get top_path\]}\n"
