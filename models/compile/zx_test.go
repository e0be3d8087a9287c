package compile_test
import ("testing";"os";"fmt";"bytes";"path/filepath";"strings"
"upset/models/driver";"upset/models/tflite";"upset/npu";"upset/npu/isa";"upset/npu/functional")
func ofmBytes(d *isa.Decoded, mem *isa.Memory, bases [8]uint32) []byte {
	var out []byte
	for y := range d.OFMH { for x := range d.OFMW { for c := range d.OFMD { a := bases[d.OFM.Region] + d.OFM.Addr(y, x, c)
				for i := range uint32(d.OFM.Bytes) { v, _ := mem.Byte(a + i); out = append(out, v) } } } }
	return out
}
func TestZX(t *testing.T){
 root:="../../../shared"
 for _,name:=range strings.Split(os.Getenv("NETS"),","){ for _,cs:=range strings.Split(os.Getenv("CFGS"),","){
 c,_:=isa.ParseConfig(cs)
 d,_:=os.ReadFile(filepath.Join(root,"models",name+".tflite")); mo,_:=tflite.Parse(d)
 no,err:=driver.Compile(mo,c); if err!=nil{t.Fatal(err)}
 p:=no.Program(); in,_:=os.ReadFile(filepath.Join(root,"golden",name,"in_01.bin"))
 if in==nil { in=make([]byte,p.InputBytes())}
 fm:=new(isa.Memory); p.Load(fm,in)
 type res struct{d isa.Decoded;out []byte}
 var want []res
 f:=functional.New(c,fm,p.Bases()); f.AfterOp=func(_ int,op isa.Opcode,d *isa.Decoded){ if op.Kernel(){want=append(want,res{*d,ofmBytes(d,fm,p.Bases())})}}
 if err:=f.Run(p.Commands);err!=nil{t.Fatal(err)}
 mem:=new(isa.Memory); p.Load(mem,in)
 m:=npu.New(c,npu.DefaultSystem(),npu.ECCNone,mem); m.Start(p.StreamAddr(),4*len(p.Commands),p.Bases())
 k:=0; bad:=false
 m.Observe=func(n npu.Note){ if n.Kind!=npu.NoteRetire||bad{return}
   w:=want[k]; got:=ofmBytes(&w.d,mem,p.Bases())
   if !bytes.Equal(got,w.out){bad=true; nn,first,last:=0,-1,0; for i:=range got{if got[i]!=w.out[i]{nn++; last=i; if os.Getenv("C")!=""{fmt.Print(i%w.d.OFMD," ")}; if first<0{first=i}}}
     fmt.Printf("%s %s kernel %d %v/%d differs: %d of %d first %d last %d: ofm %dx%dx%d ifm %dx%dx%d blk %dx%dx%d dep %d part %v k%dx%d ib %d ab %d brick %v/%v e%d ub\n",name,cs,k,w.d.Op,w.d.Mode,nn,len(got),first,last,w.d.OFMH,w.d.OFMW,w.d.OFMD,w.d.IFMH,w.d.IFMW,w.d.IFMD,w.d.BlkH,w.d.BlkW,w.d.BlkD,w.d.BlockDep,w.d.PartKernel,w.d.KH,w.d.KW,w.d.IBEnd>>10,w.d.ABStart>>10,w.d.IFM.Brick,w.d.OFM.Brick,w.d.IFM.Bytes)}
   k++}
 st:=m.Run(300_000_000)
 fmt.Println(name,cs,st,m.Cycle(),"bad",bad,k,len(want))
 }}
}
